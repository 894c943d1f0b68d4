using System.Net;

namespace BuildIt.Testing.Network;

/// <summary>
/// Two network namespaces, as two regions, whose only way to each other is an impaired link; this machine reaches both directly. Real
/// kernels on both ends: only what lies between is made. Needs root. Any thread.
/// </summary>
public sealed class ImpairedPath : IAsyncDisposable
{
    private const int MaxPacket = 65536;
    private readonly Lock _lock = new();
    private readonly Side[] _sides;
    private readonly DelayLine<(byte[] Packet, TunInterface To)> _line;

    private ImpairedPath(int seed)
    {
        _line = new DelayLine<(byte[] Packet, TunInterface To)>(Deliver);
        _sides = [new Side(0, seed), new Side(1, seed + 1)];
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

    /// <summary>The address of a side on the path, by which this machine reaches it, too.</summary>
    /// <param name="side">0 or 1.</param>
    public static IPAddress AddressOf(int side) => IPAddress.Parse($"{Prefix}.{side + 1}");

    /// <summary>The address of this machine that a side sees.</summary>
    /// <param name="side">0 or 1.</param>
    public static IPAddress HostOf(int side) => IPAddress.Parse($"{Prefix}.{FirstOf(side) + 1}");

    // Apart from the networks of other test runs on this machine: of the range that is between a provider and its customers (RFC 6598).
    private static string Prefix => $"100.{64 + (Environment.ProcessId / 256 % 64)}.{Environment.ProcessId % 256}";

    /// <summary>The first address of the four that a side and this machine have between them.</summary>
    private static int FirstOf(int side) => 4 * (side + 1);

    /// <summary>Makes one, unimpaired.</summary>
    /// <param name="seed">Of loss and jitter.</param>
    /// <exception cref="InvalidOperationException">This process is not root, or the kernel lacks something; the message says what.</exception>
    public static async Task<ImpairedPath> CreateAsync(int seed)
    {
        var path = new ImpairedPath(seed);
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

    /// <summary>What starts a program on a side.</summary>
    /// <param name="side">0 or 1.</param>
    public IReadOnlyList<string> LauncherOf(int side) => ["ip", "netns", "exec", _sides[side].Name];

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
        foreach (var side in _sides)
        {
            await side.CloseAsync();
        }

        await _line.DisposeAsync();
    }

    // Reading blocks, and ends when the namespace is gone.
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

    private sealed class Side(int number, int seed)
    {
        private readonly Dictionary<int, long> _byPayloadType = [];
        private long _packets;
        private long _bytes;

        public string Name { get; } = $"buildit-path-{Environment.ProcessId}-{number}";

        public ImpairedLink Link { get; } = new(seed);

        public TunInterface? Tun { get; private set; }

        public PathTraffic Traffic => new(_packets, _bytes) { ByPayloadType = new Dictionary<int, long>(_byPayloadType) };

        private string Near => $"{Prefix}.{FirstOf(number) + 2}";

        private string Outer => $"bipo{Environment.ProcessId}{number}";

        private string Inner => $"bipi{Environment.ProcessId}{number}";

        private string Path => $"bipt{Environment.ProcessId}{number}";

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
            Tun = new TunInterface(Path);
            await ShellCommands.RunAsync(
                $"""
                ip netns add {Name}
                ip link set {Path} netns {Name}
                ip link add {Outer} type veth peer name {Inner}
                ip link set {Inner} netns {Name}
                ip address add {HostOf(number)}/30 dev {Outer}
                ip link set {Outer} up
                ip -n {Name} link set lo up
                ip -n {Name} address add {Near}/30 dev {Inner}
                ip -n {Name} link set {Inner} up
                ip -n {Name} address add {AddressOf(number)} peer {AddressOf(1 - number)} dev {Path}
                ip -n {Name} link set {Path} up
                ip route add {AddressOf(number)}/32 via {Near} dev {Outer}
                """);
        }

        // One goes with the other, or was never made.
        public async Task CloseAsync()
        {
            await ShellCommands.RunAsync($"ip netns delete {Name} 2>/dev/null || true\nip link delete {Outer} 2>/dev/null || true");
            Tun?.Dispose();
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
