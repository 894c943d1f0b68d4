using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>What is announced and published in a room, of media and of data, at whichever node. Used on the room's loop.</summary>
internal sealed class RoomTracks
{
    private readonly Dictionary<string, Track> _media = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DataTrack> _data = new(StringComparer.Ordinal);

    public Dictionary<string, Track>.ValueCollection Media => _media.Values;

    public Dictionary<string, DataTrack>.ValueCollection Data => _data.Values;

    public Track? Find(string sid) => _media.GetValueOrDefault(sid);

    public DataTrack? FindData(string sid) => _data.GetValueOrDefault(sid);

    public void Add(Track track) => _media.Add(track.Sid.Value, track);

    public void Add(DataTrack track) => _data.Add(track.Info.Sid, track);

    public void Remove(Track track) => _media.Remove(track.Sid.Value);

    public void Remove(DataTrack track) => _data.Remove(track.Info.Sid);
}

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
