using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Net;

/// <summary>A transport (or anything else that owns addresses) as the loop sees it. All calls are on the loop's thread.</summary>
public interface IDatagramHandler
{
    /// <summary>
    /// One datagram for this endpoint. The bytes may be changed (decrypted) in place and are valid only during the call.
    /// Nothing about the sender is proved: a spoofed datagram gets here too.
    /// </summary>
    void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now);

    /// <summary>A TCP connection that a path of this endpoint uses is gone. UDP paths never end this way.</summary>
    void HandlePathLost(in TransportAddress remote, Instant now)
    {
    }
}

/// <summary>
/// One transport's place on a loop: the fragments and addresses whose datagrams come to it, and its way out.
/// Loop thread only. Dispose it when the transport ends.
/// </summary>
public interface IMediaEndpoint : IDatagramSink, IDisposable
{
    /// <summary>STUN requests for this local fragment come here, from whatever address.</summary>
    /// <returns>False when the fragment is taken or was not made for this loop.</returns>
    bool AddUfrag(string ufrag);

    /// <summary>Forgets a fragment, for example the old one some time after an ICE restart.</summary>
    void RemoveUfrag(string ufrag);
}
