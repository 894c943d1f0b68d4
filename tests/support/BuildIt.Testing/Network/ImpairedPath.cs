using System.Net;

namespace BuildIt.Testing.Network;

/// <summary>One end of a path.</summary>
/// <param name="Namespace">The network namespace.</param>
/// <param name="Address">The address that it has already.</param>
/// <param name="Behind">The network that is reached through it.</param>
public sealed record PathEnd(string Namespace, IPAddress Address, string Behind);

/// <summary>
/// Puts an impaired link between two network namespaces: what goes from one to the other takes it, whatever other way they have; that
/// way comes back when this is disposed. Real kernels on both ends: only what lies between is made. Needs root. Any thread.
/// </summary>
public sealed class ImpairedPath : IAsyncDisposable
{
    private const int MaxPacket = 65536;
    private readonly Lock _lock = new();
    private readonly Side[] _sides;
    private readonly DelayLine<(byte[] Packet, TunInterface To)> _line;

    private ImpairedPath(IReadOnlyList<PathEnd> ends, int seed)
    {
        _line = new DelayLine<(byte[] Packet, TunInterface To)>(Deliver);
        _sides = [.. ends.Select((end, i) => new Side(i, end, ends[1 - i], seed + i))];
    }

    /// <summary>What happens to what a side sends.</summary>
    /// <param name="side">0 or 1.</param>
    public LinkConditions this[int side]
    {
        get
        {
            lock (_lock)
            {
                return _sides[side].Link.Conditions;
            }
        }

        set
        {
            lock (_lock)
            {
                _sides[side].Link.Conditions = value;
            }
        }
    }

    /// <summary>Makes one, unimpaired.</summary>
    /// <param name="one">Side 0.</param>
    /// <param name="other">Side 1.</param>
    /// <param name="seed">Of loss and jitter.</param>
    /// <exception cref="InvalidOperationException">This process is not root, or the kernel lacks something; the message says what.</exception>
    public static async Task<ImpairedPath> BetweenAsync(PathEnd one, PathEnd other, int seed)
    {
        var path = new ImpairedPath([one, other], seed);
        try
        {
            foreach (var side in path._sides)
            {
                await side.OpenAsync();
            }

            for (var i = 0; i < path._sides.Length; i++)
            {
                path.Carry(path._sides[i], path._sides[1 - i]);
            }

            return path;
        }
        catch
        {
            await path.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a side has sent over the path so far, whether it arrived or not.</summary>
    /// <param name="side">0 or 1.</param>
    public PathTraffic SentBy(int side)
    {
        lock (_lock)
        {
            return _sides[side].Traffic;
        }
    }

    /// <summary>Of what a side has sent, what the queue had no place for and what was lost by chance.</summary>
    /// <param name="side">0 or 1.</param>
    public (long Overflowed, long Lost) DroppedOf(int side)
    {
        lock (_lock)
        {
            return (_sides[side].Link.Overflowed, _sides[side].Link.Lost);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // An interface goes with its owner, and its routes with it.
        foreach (var side in _sides)
        {
            side.Tun?.Dispose();
        }

        await _line.DisposeAsync();
    }

    // Reading blocks, and ends when the interface is gone.
    private void Carry(Side from, Side to) => new Thread(() =>
    {
        var buffer = new byte[MaxPacket];
        try
        {
            while (true)
            {
                var packet = buffer.AsSpan(0, from.Tun!.Read(buffer));
                lock (_lock)
                {
                    from.Count(packet);
                    if (from.Link.Schedule(packet.Length, _line.Now) is { } at)
                    {
                        _line.Add((packet.ToArray(), to.Tun!), at);
                    }
                }
            }
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // Disposed.
        }
    })
    { IsBackground = true, Name = "impaired path" }.Start();

    private static ValueTask Deliver((byte[] Packet, TunInterface To) item, CancellationToken cancellation)
    {
        try
        {
            item.To.Write(item.Packet);
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            // Disposed.
        }

        return ValueTask.CompletedTask;
    }

    private sealed class Side(int number, PathEnd end, PathEnd other, int seed)
    {
        private readonly Dictionary<int, long> _byPayloadType = [];
        private long _packets;
        private long _bytes;

        public ImpairedLink Link { get; } = new(seed);

        public TunInterface? Tun { get; private set; }

        public PathTraffic Traffic => new(_packets, _bytes) { ByPayloadType = new Dictionary<int, long>(_byPayloadType) };

        private string Name => $"bipt{Environment.ProcessId}{number}";

        public void Count(ReadOnlySpan<byte> packet)
        {
            _packets++;
            _bytes += packet.Length;
            if (PathTraffic.PayloadTypeOf(packet) is { } type)
            {
                _byPayloadType[type] = _byPayloadType.GetValueOrDefault(type) + 1;
            }
        }

        public async Task OpenAsync()
        {
            Tun = new TunInterface(Name);
            await ShellCommands.RunAsync(
                $"""
                ip link set {Name} netns {end.Namespace}
                ip -n {end.Namespace} address add {end.Address} peer {other.Address} dev {Name}
                ip -n {end.Namespace} link set {Name} up
                ip -n {end.Namespace} route add {other.Behind} dev {Name}
                """);
        }
    }
}

/// <summary>What went one way over a path.</summary>
/// <param name="Packets">All packets.</param>
/// <param name="Bytes">All bytes, IP headers included.</param>
public sealed record PathTraffic(long Packets, long Bytes)
{
    private const int IpHeader = 20;
    private const int UdpHeader = 8;
    private const byte Udp = 17;

    /// <summary>SRTP packets in UDP in IPv4 by payload type; SRTCP is told from them by that (RFC 5761 section 4).</summary>
    public IReadOnlyDictionary<int, long> ByPayloadType { get; init; } = new Dictionary<int, long>();

    public static PathTraffic operator -(PathTraffic after, PathTraffic before) => new(after.Packets - before.Packets, after.Bytes - before.Bytes)
    {
        ByPayloadType = after.ByPayloadType.ToDictionary(type => type.Key, type => type.Value - before.ByPayloadType.GetValueOrDefault(type.Key)),
    };

    /// <summary>The payload type of an IP packet that carries SRTP; null of any other.</summary>
    internal static int? PayloadTypeOf(ReadOnlySpan<byte> packet)
    {
        var isUdp = packet.Length > IpHeader + UdpHeader + 1 && packet[0] == 0x45 && packet[9] == Udp;
        return isUdp && packet[IpHeader + UdpHeader] is >= 128 and <= 191 && packet[IpHeader + UdpHeader + 1] is < 192 or > 223
            ? packet[IpHeader + UdpHeader + 1] & 0x7f
            : null;
    }
}
