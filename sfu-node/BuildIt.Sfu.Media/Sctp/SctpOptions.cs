namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Limits and timers of one association. Sizes are in bytes.</summary>
public sealed record SctpOptions
{
    public static readonly SctpOptions Default = new();

    public ushort LocalPort { get; init; } = 5000;

    public ushort RemotePort { get; init; } = 5000;

    /// <summary>Largest SCTP packet, which has to fit with DTLS, UDP and IPv6 into 1,280.</summary>
    public int MaxPacketSize { get; init; } = 1172;

    /// <summary>Largest message taken from the peer; a larger one ends the association.</summary>
    public int MaxMessageSize { get; init; } = 65535;

    /// <summary>Window announced to the peer. What is held for it never exceeds twice this.</summary>
    public int ReceiveBuffer { get; init; } = 512 * 1024;

    /// <summary>What may wait for sending or acknowledgement, with a small charge for each message.</summary>
    public int SendBuffer { get; init; } = 2 * 1024 * 1024;

    /// <summary>Streams in each direction.</summary>
    public ushort MaxStreams { get; init; } = 1024;

    /// <summary>Announces that packets without checksum are fine, as DTLS already protects them (RFC 9653).</summary>
    public bool ZeroChecksum { get; init; } = true;

    // RFC 9260 section 16 has 1 s, 1 s and 60 s, made for networks of another age; these are what browsers use.
    public TimeSpan RtoInitial { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan RtoMin { get; init; } = TimeSpan.FromMilliseconds(400);

    public TimeSpan RtoMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Timeouts in a row before the peer counts as unreachable.</summary>
    public int MaxRetransmissions { get; init; } = 12;

    public TimeSpan SackDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan CookieLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>User data in one DATA chunk.</summary>
    internal int MaxFragment => (MaxPacketSize - SctpConstants.CommonHeaderSize - SctpConstants.DataHeaderSize) & ~3;
}
