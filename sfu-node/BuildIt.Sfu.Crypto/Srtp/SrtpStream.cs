namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>State of one SSRC that is received: the rollover counter and what was received (RFC 3711 section 3.2.3).</summary>
internal sealed class SrtpStream(uint ssrc)
{
    public ReplayWindow Replay;

    /// <summary>Which of the peer's packets was the last of this stream.</summary>
    public long LastPacket;

    private bool _started;
    private ulong _highest;

    public uint Ssrc { get; } = ssrc;

    /// <summary>
    /// The 48-bit index that a sequence number most likely means: the nearest to the highest one seen (RFC 3711 section 3.3.1).
    /// </summary>
    public ulong EstimateIndex(ushort sequence)
    {
        if (!_started)
        {
            return sequence;
        }

        var delta = (short)(sequence - (ushort)_highest);
        var index = (long)_highest + delta;
        return index < 0 ? sequence : (ulong)index;
    }

    /// <summary>Takes over the index of an authentic packet.</summary>
    public void Update(ulong index)
    {
        if (!_started || index > _highest)
        {
            _started = true;
            _highest = index;
        }
    }
}
