using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>A short burst sent at a rate above the present one, to see whether it gets through.</summary>
/// <param name="Id">Tags the burst's packets.</param>
/// <param name="Rate">Rate to send at.</param>
/// <param name="Size">Bytes to send, media and padding together.</param>
public readonly record struct ProbeCluster(int Id, DataRate Rate, DataSize Size)
{
    /// <summary>The tag of a packet that belongs to no probe.</summary>
    public const int None = 0;

    /// <summary>The size from which a probe is many packets however large they are.</summary>
    public const int UsualBytes = 7 * 1200;

    /// <summary>How large its packets are to be where they are made for it: there must be enough of them to measure with.</summary>
    public int PacketBytes => Size.Bytes < UsualBytes ? 240 : 1200;

    public bool IsNone => Id == None;
}
