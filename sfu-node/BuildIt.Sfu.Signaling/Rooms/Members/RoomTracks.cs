namespace BuildIt.Sfu.Signaling.Rooms.Members;

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
