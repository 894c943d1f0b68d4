namespace BuildIt.Sfu.Media.Net;

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
