using System.Globalization;
using System.Net;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// Sockets that are read and nothing more, in a process of their own: on loopback the sender also pays for handing a datagram
/// to its receiver and for waking it.
/// </summary>
internal static class Receivers
{
    private const string Announcement = "Ports ";

    /// <summary>Opens the sockets, writes their ports, and reads until the input ends.</summary>
    public static async Task<int> RunAsync(int count, TextReader input, TextWriter output)
    {
        using var network = new MediaNetwork(new MediaNetworkOptions { LoopCount = 1, UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0) });
        network.Start();
        MediaLoop loop = network.Loops[0];
        List<MediaEndpoint> endpoints = await loop.InvokeAsync(() => Enumerable.Range(0, count)
            .Select(_ => loop.CreateExclusiveEndpoint(new Sink(), new IPEndPoint(IPAddress.Loopback, 0)))
            .ToList());
        await output.WriteLineAsync(Announcement + string.Join(' ', endpoints.Select(endpoint => endpoint.LocalPort)));
        await output.FlushAsync();
        await input.ReadToEndAsync();
        await loop.InvokeAsync(() => endpoints.ForEach(endpoint => endpoint.Dispose()));
        return 0;
    }

    /// <summary>Starts that many in another process; it ends when the returned one is disposed.</summary>
    public static async Task<(ProgramRun Process, IReadOnlyList<IPEndPoint> EndPoints)> StartAsync(int count)
    {
        ProgramRun process = ProgramRun.Start(typeof(Receivers).Assembly.Location, "receivers", count.ToString(CultureInfo.InvariantCulture));
        string line = await process.WaitForLineAsync(Announcement, TimeSpan.FromSeconds(30));
        return (process, [.. line[Announcement.Length..].Split(' ')
            .Select(port => new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)))]);
    }

    private sealed class Sink : IDatagramHandler
    {
        public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
        {
        }
    }
}
