namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Chunk types (RFC 9260 section 3.2, RFC 3758 section 3.2, RFC 6525 section 3.1).</summary>
internal enum ChunkType : byte
{
    Data = 0,
    Init = 1,
    InitAck = 2,
    Sack = 3,
    Heartbeat = 4,
    HeartbeatAck = 5,
    Abort = 6,
    Shutdown = 7,
    ShutdownAck = 8,
    Error = 9,
    CookieEcho = 10,
    CookieAck = 11,
    ShutdownComplete = 14,
    Reconfig = 130,
    ForwardTsn = 192,
}

/// <summary>Parameter types of INIT, INIT ACK and RE-CONFIG.</summary>
internal enum ParameterType : ushort
{
    HeartbeatInfo = 1,
    StateCookie = 7,
    OutgoingReset = 13,
    IncomingReset = 14,
    ReconfigResponse = 16,
    ZeroChecksumAcceptable = 0x8001,
    SupportedExtensions = 0x8008,
    ForwardTsnSupported = 0xC000,
}

internal static class SctpConstants
{
    public const int CommonHeaderSize = 12;
    public const int ChunkHeaderSize = 4;
    public const int DataHeaderSize = 16;

    /// <summary>Smallest INIT and INIT ACK: 20 bytes with the chunk header (RFC 9260 section 3.3.2).</summary>
    public const int InitHeaderSize = 20;

    public const byte FlagEnd = 1;
    public const byte FlagBegin = 2;
    public const byte FlagUnordered = 4;
    public const byte FlagImmediate = 8;

    /// <summary>T bit of ABORT and SHUTDOWN COMPLETE: the verification tag is reflected (RFC 9260 section 8.5.1).</summary>
    public const byte FlagTagReflected = 1;

    /// <summary>Error detection method "SCTP over DTLS" (RFC 9653 section 8).</summary>
    public const uint ZeroChecksumOverDtls = 1;

    /// <summary>Length rounded up to the next multiple of four (RFC 9260 section 3.2).</summary>
    public static int Padded(int length) => (length + 3) & ~3;
}

/// <summary>Why an association ended.</summary>
public enum SctpCloseReason : byte
{
    /// <summary>Both sides shut down in order.</summary>
    Shutdown,

    /// <summary>The peer sent ABORT.</summary>
    AbortedByPeer,

    /// <summary>This side aborted.</summary>
    Aborted,

    /// <summary>The peer did not answer (RFC 9260 section 8.1).</summary>
    Unreachable,

    /// <summary>The peer broke the protocol or a limit.</summary>
    ProtocolViolation,
}

/// <summary>States of RFC 9260 section 4.</summary>
public enum SctpState : byte
{
    Closed,
    CookieWait,
    CookieEchoed,
    Established,
    ShutdownPending,
    ShutdownSent,
    ShutdownReceived,
    ShutdownAckSent,
}

/// <summary>What became of a message handed over for sending.</summary>
public enum SctpSendResult : byte
{
    Queued,

    /// <summary>The send buffer is at its limit; nothing was taken.</summary>
    BufferFull,

    /// <summary>Longer than the peer or this side allows.</summary>
    TooLarge,

    /// <summary>No association, or it is closing.</summary>
    NotConnected,

    /// <summary>The stream is being reset, or does not exist.</summary>
    StreamUnavailable,
}
