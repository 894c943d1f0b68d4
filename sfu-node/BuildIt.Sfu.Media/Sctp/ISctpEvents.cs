using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>What happens on an association. Raised from inside its methods; handlers may call it back.</summary>
public interface ISctpEvents
{
    /// <summary>Messages can be sent from now on.</summary>
    void OnConnected(Instant now);

    /// <summary>The association is over. Raised once.</summary>
    void OnClosed(SctpCloseReason reason, Instant now);

    /// <summary>A whole message. The span is valid during the call only.</summary>
    void OnMessage(ushort stream, uint ppid, ReadOnlySpan<byte> message, Instant now);

    /// <summary>The peer has reset its side of a stream, which closes the channel on it (RFC 8831 section 6.7).</summary>
    void OnIncomingStreamReset(ushort stream, Instant now);

    /// <summary>Our side of a stream is reset; its id may be used again once both sides are.</summary>
    void OnOutgoingStreamReset(ushort stream, Instant now);
}
