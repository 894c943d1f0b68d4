using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>What takes tracks: a client, or another node. Used on the room's loop.</summary>
internal interface IDownstream
{
    /// <summary>Names it among all who receive in the room.</summary>
    ParticipantSid Id { get; }

    /// <summary>Where its packets are written.</summary>
    IRtpSink Sink { get; }

    /// <summary>What its link carries.</summary>
    LinkBudget Link { get; }

    /// <summary>How it takes an encoding by a stream; null when it cannot take it.</summary>
    DownTrackOptions? FormatOf(OutgoingStream stream, PublicationEncoding encoding);

    /// <summary>A stream begins, or goes on.</summary>
    void Add(OutgoingStream stream);

    /// <summary>Nothing comes of a stream for now.</summary>
    void Remove(OutgoingStream stream);

    /// <summary>A stream is over: its SSRCs are never used again.</summary>
    void End(OutgoingStream stream);
}

/// <summary>One stream to a downstream, whatever decides what goes into it. Used on one loop.</summary>
internal abstract class OutgoingStream
{
    /// <summary>What is sent; null while nothing was agreed.</summary>
    public DownTrack? Down { get; protected set; }

    public abstract bool IsVideo { get; }

    /// <summary>Its SSRC.</summary>
    public abstract uint Source { get; }

    /// <summary>SSRC of its retransmissions (RFC 4588); null without.</summary>
    public abstract uint? RepairSource { get; }

    /// <summary>Where its sequence numbers begin, under 32768.</summary>
    public abstract ushort FirstSequence { get; }

    /// <summary>The simulcast layer that is all of it; null when it chooses among them.</summary>
    public virtual int? OnlyLayer => null;

    /// <summary>The name in RTCP source descriptions, as bytes.</summary>
    public abstract byte[] CanonicalName { get; }

    /// <summary>Packets sent at the receiver's last report.</summary>
    public long Reported { get; set; }

    /// <summary>The receiver lost its picture (PLI or FIR).</summary>
    public abstract void OnPictureLost();
}
