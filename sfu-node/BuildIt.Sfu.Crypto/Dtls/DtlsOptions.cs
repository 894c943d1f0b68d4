namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>Bounds of the handshakes of one process.</summary>
public sealed record DtlsOptions
{
    /// <summary>Handshakes that run at once, each on a thread; they mostly wait for the network.</summary>
    public int MaxConcurrentHandshakes { get; init; } = 64;

    /// <summary>Handshakes that wait for a thread; beyond, new ones fail at once.</summary>
    public int MaxWaitingHandshakes { get; init; } = 1024;

    /// <summary>From the start, waiting included.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>First retransmission; doubles each time (RFC 6347 section 4.2.4.1). ICE has measured the path, so it can be short.</summary>
    public TimeSpan ResendTime { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A client hello with a post-quantum key share has about 1.5 kB, a certificate chain seldom more than 4.</summary>
    public int MaxHandshakeMessage { get; init; } = 16 * 1024;
}
