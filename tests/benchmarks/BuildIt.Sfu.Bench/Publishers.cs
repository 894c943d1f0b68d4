using System.Globalization;
using System.Net;
using BuildIt.Sfu.Net;

namespace BuildIt.Sfu.Bench;

/// <summary>Senders of pictures to a <see cref="BareRelay"/>, each from a socket of its own, in a process of their own.</summary>
internal static class Publishers
{
    private const string Announcement = "Sending";
    private const int KeyBytes = 28;

    /// <summary>The key of a publisher, whose number is its SSRC. Only a measurement can have such keys.</summary>
    public static byte[] KeyOf(int publisher)
    {
        var key = new byte[KeyBytes];
        BitConverter.TryWriteBytes(key, publisher + 1);
        return key;
    }

    /// <summary>Sends until the input ends.</summary>
    /// <param name="port">Where to, on loopback.</param>
    /// <param name="count">How many publishers.</param>
    /// <param name="pace">Of each.</param>
    /// <param name="run">As that of a <see cref="BareSender"/>.</param>
    /// <param name="packetBytes">Size of each packet on the wire.</param>
    /// <param name="input">Ends it.</param>
    /// <param name="output">Told when all send.</param>
    public static async Task<int> RunAsync(int port, int count, Pace pace, double run, int packetBytes, TextReader input, TextWriter output)
    {
        using var network = new MediaNetwork(new MediaNetworkOptions { LoopCount = 1, UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0) });
        network.Start();
        MediaLoop loop = network.Loops[0];
        IPEndPoint[] relay = [new IPEndPoint(IPAddress.Loopback, port)];
        var senders = new List<BareSender>();
        for (int i = 0; i < count; i++)
        {
            int number = i;
            BareSender sender = await loop.InvokeAsync(() => new BareSender(loop, relay, run, packetBytes, KeyOf(number), (uint)number));
            senders.Add(sender);

            // Nobody's pictures come at the same moments.
            await Task.Delay(1);
            await loop.InvokeAsync(() => sender.Follow(pace));
        }

        await output.WriteLineAsync(Announcement);
        await output.FlushAsync();
        await input.ReadToEndAsync();
        await loop.InvokeAsync(() => senders.ForEach(sender => sender.Dispose()));
        return 0;
    }

    /// <summary>Starts them; they end when what is returned is disposed.</summary>
    public static async Task<ProgramRun> StartAsync(int port, int count, Pace pace, double run, int packetBytes)
    {
        ProgramRun process = ProgramRun.Start(
            typeof(Publishers).Assembly.Location,
            [
                "publishers",
                .. new[] { port, count, pace.BurstsPerSecond, pace.PacketsPerBurst, run, packetBytes }.Select(value => value.ToString(CultureInfo.InvariantCulture)),
            ]);
        await process.WaitForLineAsync(Announcement, TimeSpan.FromSeconds(60));
        return process;
    }
}
