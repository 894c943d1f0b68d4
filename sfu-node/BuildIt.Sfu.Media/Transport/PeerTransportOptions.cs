using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;

namespace BuildIt.Sfu.Media.Transport;

/// <summary>What one <see cref="PeerTransport"/> is made of. Immutable.</summary>
public sealed record PeerTransportOptions
{
    public IceAgentOptions Ice { get; init; } = new();

    public required IceCredentials LocalCredentials { get; init; }

    /// <summary>Our side of DTLS; a server that answers an offer with setup actpass says passive, which is Server.</summary>
    public DtlsRole DtlsRole { get; init; } = DtlsRole.Server;

    public required IDtlsSessionFactory Dtls { get; init; }

    public required ISrtpSessionFactory Srtp { get; init; }

    /// <summary>Streams of the peer that are remembered at most.</summary>
    public int ReceivedStreams { get; init; } = ISrtpSession.ClientStreams;

    public required IRandomSource Random { get; init; }

    /// <summary>
    /// Called from another thread when the handshake has moved on; must have <see cref="PeerTransport.HandleTimeout"/>
    /// called on the owning loop soon. Without it the transport asks by its deadline to be called every 5 ms while the
    /// handshake runs.
    /// </summary>
    public Action? Wake { get; init; }
}

/// <summary>Why a transport ended.</summary>
public enum TransportFailure : byte
{
    /// <summary>No path to the peer was found, or the one there was is gone.</summary>
    Ice,

    /// <summary>The handshake failed or took too long.</summary>
    Dtls,

    /// <summary>The peer agreed to no SRTP profile of ours.</summary>
    Srtp,
}

/// <summary>
/// What a <see cref="PeerTransport"/> tells its owner, on the owner's loop. Spans are valid during the call only and may be
/// changed by the receiver. A handler must not call back into HandleDatagram or HandleTimeout of the same transport.
/// </summary>
public interface IPeerTransportEvents
{
    void OnIceState(IceState state, Instant now);

    /// <summary>DTLS is done: media and data can flow both ways.</summary>
    void OnConnected(SrtpProfile profile, Instant now);

    void OnRtp(Span<byte> packet, Instant now);

    void OnRtcp(Span<byte> compound, Instant now);

    /// <summary>One DTLS record of application data: an SCTP packet.</summary>
    void OnApplicationData(ReadOnlySpan<byte> data, Instant now);

    /// <summary>The peer sent close_notify. Not an end by itself: signalling decides that.</summary>
    void OnPeerClosed(Instant now);

    void OnFailed(TransportFailure reason, Instant now);
}
