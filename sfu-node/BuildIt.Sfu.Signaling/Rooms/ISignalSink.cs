namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Where a participant's signal messages go. Called on the room's loop; must not block.</summary>
public interface ISignalSink
{
    /// <summary>Queues a message. When the client is too slow to take it, the sink closes itself and drops the rest.</summary>
    void Send(OutboundSignal message);

    /// <summary>The participant's media is connected for the first time.</summary>
    void MediaReady()
    {
    }

    /// <summary>Closes the connection once everything queued has been written.</summary>
    void Close();

    /// <summary>Breaks the connection at once, as a network failure would.</summary>
    void Abort();
}
