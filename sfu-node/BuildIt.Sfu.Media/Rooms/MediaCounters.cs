namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// What happens to media on one loop, counted since the start. Written on that loop only; read on any thread, where a number may be a
/// moment old.
/// </summary>
public sealed class MediaCounters
{
    private long _nacksReceived;
    private long _nacksSent;
    private long _pictureLossReceived;
    private long _pictureLossSent;
    private long _retransmitted;
    private long _connected;
    private long _relayed;
    private long _iceFailures;
    private long _dtlsFailures;
    private long _srtpFailures;
    private long _pauses;

    /// <summary>Packets with requests for lost media that clients sent.</summary>
    public long NacksReceived => Volatile.Read(ref _nacksReceived);

    /// <summary>Packets with requests for lost media that were sent to publishers.</summary>
    public long NacksSent => Volatile.Read(ref _nacksSent);

    /// <summary>Key frames that clients asked for (PLI, FIR).</summary>
    public long PictureLossReceived => Volatile.Read(ref _pictureLossReceived);

    /// <summary>Key frames that publishers were asked for.</summary>
    public long PictureLossSent => Volatile.Read(ref _pictureLossSent);

    /// <summary>Packets that were sent again.</summary>
    public long Retransmitted => Volatile.Read(ref _retransmitted);

    /// <summary>Connections that were made, and made again after they had failed.</summary>
    public long Connected => Volatile.Read(ref _connected);

    /// <summary>Those of them that lead over a TURN server of the client's.</summary>
    public long Relayed => Volatile.Read(ref _relayed);

    /// <summary>Streams that were paused for want of bandwidth: what their viewers see as a freeze.</summary>
    public long Pauses => Volatile.Read(ref _pauses);

    /// <summary>Connections that failed.</summary>
    public long Failures(Transport.TransportFailure cause) => cause switch
    {
        Transport.TransportFailure.Ice => Volatile.Read(ref _iceFailures),
        Transport.TransportFailure.Dtls => Volatile.Read(ref _dtlsFailures),
        _ => Volatile.Read(ref _srtpFailures),
    };

    internal void OnNackReceived() => Increment(ref _nacksReceived);

    internal void OnNackSent() => Increment(ref _nacksSent);

    internal void OnPictureLossReceived() => Increment(ref _pictureLossReceived);

    internal void OnPictureLossSent() => Increment(ref _pictureLossSent);

    internal void OnRetransmitted() => Increment(ref _retransmitted);

    internal void OnPaused() => Increment(ref _pauses);

    internal void OnConnected(bool relayed)
    {
        Increment(ref _connected);
        if (relayed)
        {
            Increment(ref _relayed);
        }
    }

    internal void OnFailed(Transport.TransportFailure cause)
    {
        switch (cause)
        {
            case Transport.TransportFailure.Ice:
                Increment(ref _iceFailures);
                break;
            case Transport.TransportFailure.Dtls:
                Increment(ref _dtlsFailures);
                break;
            default:
                Increment(ref _srtpFailures);
                break;
        }
    }

    // One writer: a plain addition is enough, and costs what a packet may cost.
    private static void Increment(ref long counter) => Volatile.Write(ref counter, counter + 1);
}
