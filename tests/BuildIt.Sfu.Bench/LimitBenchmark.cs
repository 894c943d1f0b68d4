using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Media.Units;
using BuildIt.Sfu.Net;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// The bare limit that the whole node is compared with: copy a packet, protect it with AES-128-GCM, send it in runs to many
/// destinations on loopback. Nothing else: no retransmission cache, no estimation, no pacing, no selection.
/// </summary>
internal sealed class LimitBenchmark
{
    private const int MaxPacketBytes = 1200;
    private const int PacketsPerCommand = 4096;
    private static readonly int[] Runs = [1, 2, 4, 8];

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

    /// <summary>Packets for each second of processor time, in runs of <paramref name="run"/> with <paramref name="packetBytes"/> each.</summary>
    public async Task<double> MeasureAsync(int run, int packetBytes) => (await MeasureRowAsync(run, packetBytes)).PacketsPerCpuSecond;

    private async Task<Row> MeasureRowAsync(int run, int packetBytes)
    {
        using var network = new MediaNetwork(new MediaNetworkOptions
        {
            LoopCount = 1,
            MaxPathsPerEndpoint = _destinations,
            UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        });
        network.Start();
        MediaLoop loop = network.Loops[0];

        // Nobody reads: what is measured is sending. The kernel drops at the receivers' full buffers.
        List<Socket> receivers = [.. Enumerable.Range(0, _destinations).Select(_ => OpenReceiver())];
        Sender sender = await loop.InvokeAsync(() => new Sender(loop, receivers, run, packetBytes));
        await loop.InvokeAsync(() => sender.Send(PacketsPerCommand));

        LoopStatistics before = loop.Statistics;
        (long cpu, long allocated) = await loop.InvokeAsync(() => (ThreadCpu.Nanoseconds(), GC.GetAllocatedBytesForCurrentThread()));
        var watch = Stopwatch.StartNew();
        long commands = 0;
        while (watch.Elapsed < _duration)
        {
            await loop.InvokeAsync(() => sender.Send(PacketsPerCommand));
            commands++;
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

    private static Socket OpenReceiver()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 4096 };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private readonly record struct Row(
        double PacketsPerCpuSecond, double ProtectNanoseconds, long SendCalls, double SegmentedShare, double AllocatedPerPacket);

    private sealed class Sender : IDatagramHandler, IDisposable
    {
        private readonly MediaEndpoint _endpoint;
        private readonly PathId[] _paths;
        private readonly ISrtpSession[] _sessions;
        private readonly ushort[] _sequences;
        private readonly byte[] _packet;
        private readonly int _packetBytes;
        private readonly int _run;

        public Sender(MediaLoop loop, List<Socket> receivers, int run, int packetBytes)
        {
            _run = run;
            _packetBytes = packetBytes;
            _packet = new byte[packetBytes - 16];
            _endpoint = loop.CreateExclusiveEndpoint(this, new IPEndPoint(IPAddress.Loopback, 0));
            var factory = new SrtpSessionFactory();
            _paths = new PathId[receivers.Count];
            _sessions = new ISrtpSession[receivers.Count];
            _sequences = new ushort[receivers.Count];
            RandomNumberGenerator.Fill(_packet);
            for (int i = 0; i < receivers.Count; i++)
            {
                byte[] key = RandomNumberGenerator.GetBytes(28);
                _sessions[i] = factory.Create(SrtpProfile.AeadAes128Gcm, key, key);
                _paths[i] = _endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)receivers[i].LocalEndPoint!));
            }
        }

        /// <summary>Sends about that many packets: a run to each destination in turn, interleaved as forwarding makes them.</summary>
        public void Send(int packets)
        {
            int rounds = Math.Max(1, packets / (_paths.Length * _run));
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < _run; i++)
                {
                    for (int destination = 0; destination < _paths.Length; destination++)
                    {
                        SendOne(destination);
                    }
                }

                _endpoint.Loop.Flush();
            }
        }

        /// <summary>Nanoseconds of processor time to copy and protect one packet, without sending it.</summary>
        public double MeasureProtection(int packets)
        {
            long start = ThreadCpu.Nanoseconds();
            for (int i = 0; i < packets; i++)
            {
                // A reservation that is not committed is discarded by the next.
                Span<byte> datagram = _endpoint.Reserve(_paths[i % _paths.Length], _packetBytes);
                WritePacket(datagram, i % _paths.Length);
                _sessions[i % _paths.Length].TryProtectRtp(datagram, _packet.Length, out _);
            }

            return (ThreadCpu.Nanoseconds() - start) / (double)packets;
        }

        public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
        {
        }

        public void Dispose()
        {
            _endpoint.Dispose();
            Array.ForEach(_sessions, session => session.Dispose());
        }

        private void SendOne(int destination)
        {
            Span<byte> datagram = _endpoint.Reserve(_paths[destination], _packetBytes);
            WritePacket(datagram, destination);
            if (_sessions[destination].TryProtectRtp(datagram, _packet.Length, out int length))
            {
                _endpoint.Commit(length);
            }
        }

        private void WritePacket(Span<byte> datagram, int destination)
        {
            _packet.CopyTo(datagram);
            ushort sequence = _sequences[destination]++;
            datagram[0] = 0x80;
            datagram[1] = 96;
            datagram[2] = (byte)(sequence >> 8);
            datagram[3] = (byte)sequence;
            datagram[8] = datagram[9] = datagram[10] = 0;
            datagram[11] = 1;
        }
    }
}
