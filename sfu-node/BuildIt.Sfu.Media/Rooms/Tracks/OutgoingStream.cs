using BuildIt.Sfu.Media.Forwarding;

namespace BuildIt.Sfu.Media.Rooms.Tracks;

/// <summary>One stream that a connection sends, whatever decides what goes into it. Used on one loop.</summary>
internal abstract class OutgoingStream
{
    /// <summary>What is sent; null while nothing was agreed.</summary>
    public DownTrack? Down { get; protected set; }

    public abstract bool IsVideo { get; }

    /// <summary>Its SSRC.</summary>
    public abstract uint Source { get; }

    /// <summary>SSRC of its retransmissions (RFC 4588); null without.</summary>
    public abstract uint? RepairSource { get; }

    /// <summary>The name in RTCP source descriptions, as bytes.</summary>
    public abstract byte[] CanonicalName { get; }

    /// <summary>Packets sent at the receiver's last report.</summary>
    public long Reported { get; set; }

    /// <summary>The receiver lost its picture (PLI or FIR).</summary>
    public abstract void OnPictureLost();
}
