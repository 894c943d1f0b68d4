using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Statistics;

namespace BuildIt.Sfu.Bench;

/// <summary>The bare limit that the whole node is compared with: a <see cref="BareSender"/> on loopback.</summary>
internal sealed class LimitBenchmark
{
    private const int MaxPacketBytes = 1200;
    private const int PacketsPerCommand = 4096;
    private static readonly int[] Runs = [1, 2, 4, 8];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private readonly int _destinations;
    private readonly TimeSpan _duration;

    public LimitBenchmark(int destinations, TimeSpan duration)
    {
        _destinations = destinations;
        _duration = duration;
    }

    /// <summary>Prints one row for each run length. 0 when the loop allocated nothing.</summary>
    public async Task<int> RunAsync(TextWriter output)
    {
        await output.WriteLineAsync($"{_destinations} destinations on loopback, {MaxPacketBytes} bytes, AES-128-GCM, {_duration.TotalSeconds:0.#} s for each row");
        await output.WriteLineAsync("run   packets/CPU s   ns/packet   of it GCM   send calls   segmented   B/packet allocated");
        bool clean = true;
        foreach (int run in Runs)
        {
            Row row = await MeasureRowAsync(run, MaxPacketBytes);
            clean &= row.AllocatedPerPacket < 0.01;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{run,3}   {row.PacketsPerCpuSecond,13:N0}   {1e9 / row.PacketsPerCpuSecond,9:0}   {row.ProtectNanoseconds,9:0}   {row.SendCalls,10:N0}   {row.SegmentedShare,8:0%}   {row.AllocatedPerPacket,18:0.000}"));
        }

        return clean ? 0 : 1;
    }

    /// <summary>
    /// Packets for each second of processor time at full speed, in runs of <paramref name="run"/> with <paramref name="packetBytes"/>
    /// each, to sockets that nobody reads.
    /// </summary>
    public async Task<double> MeasureAsync(double run, int packetBytes) => (await MeasureRowAsync(run, packetBytes)).PacketsPerCpuSecond;

    /// <summary>
    /// The same at a pace, to sockets that another process reads. It costs more for each packet than full speed does: caches are
    /// cold after each pause, and receivers sleep and have to be woken.
    /// </summary>
    public async Task<double> MeasureAtPaceAsync(double run, int packetBytes, Pace pace)
    {
        (ProgramRun process, IReadOnlyList<IPEndPoint> endPoints) = await Receivers.StartAsync(_destinations);
        await using (process)
        using (MediaNetwork network = OpenNetwork())
        {
            MediaLoop loop = network.Loops[0];
            BareSender sender = await loop.InvokeAsync(() => new BareSender(loop, endPoints, run, packetBytes));
            await loop.InvokeAsync(() => sender.Follow(pace));
            double rate = await RateAsync(loop, _duration);
            await loop.InvokeAsync(sender.Dispose);
            return rate;
        }
    }

    /// <summary>
    /// The same of a <see cref="BareRelay"/>, which receives what it sends from that many publishers in another process, and so at the
    /// pace at which theirs come.
    /// </summary>
    public static async Task<double> MeasureRelayAsync(int publishers, Pace each, double run, int packetBytes, TimeSpan duration)
    {
        (ProgramRun process, IReadOnlyList<IPEndPoint> endPoints) = await Receivers.StartAsync(1);
        await using (process)
        using (var network = new MediaNetwork(new MediaNetworkOptions { LoopCount = 1, UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0) }))
        {
            network.Start();
            MediaLoop loop = network.Loops[0];
            BareRelay relay = await loop.InvokeAsync(() => new BareRelay(loop, publishers, endPoints[0]));
            await using ProgramRun sending = await Publishers.StartAsync(relay.Port, publishers, each, run, packetBytes);
            double rate = await RateAsync(loop, duration);
            await loop.InvokeAsync(relay.Dispose);
            return rate;
        }
    }

    /// <summary>Packets that a loop sends for each second of its processor time.</summary>
    private static async Task<double> RateAsync(MediaLoop loop, TimeSpan duration)
    {
        await Task.Delay(WarmUp);
        long cpu = await loop.InvokeAsync(ThreadCpu.Nanoseconds);
        long packets = loop.Statistics.PacketsSent;
        await Task.Delay(duration);
        long cpuAfter = await loop.InvokeAsync(ThreadCpu.Nanoseconds);
        return (loop.Statistics.PacketsSent - packets) / ((cpuAfter - cpu) / 1e9);
    }

    private async Task<Row> MeasureRowAsync(double run, int packetBytes)
    {
        using MediaNetwork network = OpenNetwork();
        MediaLoop loop = network.Loops[0];

        // Nobody reads: what is measured is sending. The kernel drops at the receivers' full buffers.
        List<Socket> receivers = [.. Enumerable.Range(0, _destinations).Select(_ => OpenReceiver())];
        List<IPEndPoint> endPoints = receivers.ConvertAll(receiver => (IPEndPoint)receiver.LocalEndPoint!);
        BareSender sender = await loop.InvokeAsync(() => new BareSender(loop, endPoints, run, packetBytes));
        for (var warm = Stopwatch.StartNew(); warm.Elapsed < WarmUp;)
        {
            await loop.InvokeAsync(() => sender.Send(PacketsPerCommand));
        }

        LoopStatistics before = loop.Statistics;
        (long cpu, long allocated) = await loop.InvokeAsync(() => (ThreadCpu.Nanoseconds(), GC.GetAllocatedBytesForCurrentThread()));
        Action send = () => sender.Send(PacketsPerCommand);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < _duration;)
        {
            await loop.InvokeAsync(send);
        }

        (long cpuAfter, long allocatedAfter) = await loop.InvokeAsync(() => (ThreadCpu.Nanoseconds(), GC.GetAllocatedBytesForCurrentThread()));
        LoopStatistics after = loop.Statistics;
        double protect = await loop.InvokeAsync(() => sender.MeasureProtection(100_000));
        await loop.InvokeAsync(sender.Dispose);
        receivers.ForEach(receiver => receiver.Dispose());
        double packets = after.PacketsSent - before.PacketsSent;
        return new Row(
            packets / ((cpuAfter - cpu) / 1e9),
            protect,
            after.SendCalls - before.SendCalls,
            (after.SegmentedPackets - before.SegmentedPackets) / packets,
            (allocatedAfter - allocated) / packets);
    }

    private MediaNetwork OpenNetwork()
    {
        var network = new MediaNetwork(new MediaNetworkOptions
        {
            LoopCount = 1,
            GatherWindow = TimeSpan.Zero,
            MaxPathsPerEndpoint = _destinations,
            UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        });
        network.Start();
        return network;
    }

    private static Socket OpenReceiver()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4096 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private readonly record struct Row(
        double PacketsPerCpuSecond, double ProtectNanoseconds, long SendCalls, double SegmentedShare, double AllocatedPerPacket);
}
