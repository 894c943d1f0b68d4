using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>A track that a participant has announced or publishes.</summary>
internal sealed class Track(TrackSid sid, Member publisher, TrackInfo info)
{
    public TrackSid Sid { get; } = sid;

    public Member Publisher { get; } = publisher;

    /// <summary>What clients are told. Copied into every snapshot, so that it may change here.</summary>
    public TrackInfo Info { get; set; } = info;

    /// <summary>The announcement as media knows it; null of a track of another node.</summary>
    public PublishedTrack? Media { get; set; }

    /// <summary>True once negotiated: others see it and may subscribe.</summary>
    public bool Published { get; set; }

    /// <summary>Whether the publisher has been told of a first subscriber.</summary>
    public bool EverSubscribed { get; set; }

    /// <summary>Last dynacast message, repeated to a publisher that resumes.</summary>
    public OutboundSignal? WantedQualities { get; set; }

    public bool HasCid(string cid) => Media?.Encodings.Any(e => e.Cid == cid) ?? false;
}
