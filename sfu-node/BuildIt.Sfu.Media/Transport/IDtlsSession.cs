namespace BuildIt.Sfu.Media.Transport;

/// <summary>Which side opens the handshake (RFC 5763 section 5: setup active is the client).</summary>
public enum DtlsRole : byte
{
    Server,
    Client,
}

public enum DtlsState : byte
{
    /// <summary>Not started.</summary>
    New,
    Handshaking,
    Connected,

    /// <summary>The peer sent close_notify, or we closed.</summary>
    Closed,

    /// <summary>The handshake failed, timed out, or the peer's certificate is not the one of its SDP.</summary>
    Failed,
}

/// <summary>
/// The DTLS association of one peer connection. Called only on the loop that owns the connection. A handshake may run on a
/// thread of its own; then it fills a queue which <see cref="TryTakeFlight"/> empties, and calls the wake callback.
/// </summary>
public interface IDtlsSession : IDisposable
{
    /// <summary>What the loop may rely on; moves on inside <see cref="Poll"/> and the methods that take datagrams.</summary>
    DtlsState State { get; }

    /// <summary>The profile agreed by use_srtp, once connected.</summary>
    SrtpProfile SrtpProfile { get; }

    /// <summary>Most bytes that <see cref="Protect"/> adds to what it is given.</summary>
    int RecordOverhead { get; }

    /// <summary>Starts the handshake; <paramref name="peer"/> is what the peer's certificate must match.</summary>
    void Start(DtlsFingerprint peer);

    /// <summary>Takes over what the handshake has done since the last call. Cheap when nothing happened.</summary>
    void Poll();

    /// <summary>A datagram of the handshake that is ready to be sent; call until false.</summary>
    bool TryTakeFlight(out ReadOnlyMemory<byte> datagram);

    /// <summary>
    /// Gives one datagram of the peer to the association. Handshake bytes are copied; records of data are left for
    /// <see cref="TryReadRecord"/>, which decrypts them in place.
    /// </summary>
    void HandleDatagram(Span<byte> datagram);

    /// <summary>
    /// Decrypts the next record of data in <paramref name="datagram"/> and moves past it; false when there is none left.
    /// </summary>
    bool TryReadRecord(ref Span<byte> datagram, out ReadOnlySpan<byte> data);

    /// <summary>
    /// A datagram that came while the handshake's thread was finishing, for <see cref="TryReadRecord"/>; call until false
    /// when connected.
    /// </summary>
    bool TryTakeUnread(out Memory<byte> datagram);

    /// <summary>Encrypts one record of application data; returns its length, or 0 when not connected.</summary>
    int Protect(ReadOnlySpan<byte> data, Span<byte> destination);

    /// <summary>Writes the close_notify alert (RFC 5246 section 7.2.1) and closes; returns its length, or 0 when not connected.</summary>
    int Close(Span<byte> destination);

    /// <summary>
    /// Master key and salt of both directions (RFC 5764 section 4.2), once, right after the handshake:
    /// ours first in each role. Buffers hold 30 bytes; the lengths used follow from the profile.
    /// </summary>
    bool TryExportSrtpKeys(Span<byte> sendKey, Span<byte> receiveKey);
}

/// <summary>Makes the DTLS associations of a node; holds its certificate.</summary>
public interface IDtlsSessionFactory
{
    /// <summary>Of the certificate all our sessions show, for SDP.</summary>
    DtlsFingerprint LocalFingerprint { get; }

    /// <param name="wake">
    /// Called from any thread when <see cref="IDtlsSession.Poll"/> has something to take over; must return at once.
    /// </param>
    IDtlsSession Create(DtlsRole role, Action? wake);
}
