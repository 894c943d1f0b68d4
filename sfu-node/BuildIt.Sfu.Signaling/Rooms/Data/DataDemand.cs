using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>Which data tracks of other nodes are received here or behind this node, as their nodes are told. Used on the room's loop.</summary>
internal sealed class DataDemand(RoomMembers members, RoomLinks links)
{
    private readonly HashSet<string> _wanted = new(StringComparer.Ordinal);

    /// <summary>Who receives a data track, here or behind another link, may have changed.</summary>
    public void Changed(DataTrack track, Instant now)
    {
        if (track.Publisher is not RemoteMember publisher)
        {
            return;
        }

        var sid = track.Info.Sid;
        var wanted = IsReceivedHere(sid) || IsReceivedBehind(sid, publisher.Via);
        if (wanted ? _wanted.Add(sid) : _wanted.Remove(sid))
        {
            Tell(publisher, sid, wanted, now);
        }
    }

    /// <summary>A publisher is heard another way: that is to be told as well.</summary>
    public void Moved(RemoteMember publisher, Instant now)
    {
        foreach (var sid in publisher.Data.Keys.Where(_wanted.Contains))
        {
            Tell(publisher, sid, wanted: true, now);
        }
    }

    /// <summary>A publisher is gone.</summary>
    public void Forget(RemoteMember publisher)
    {
        foreach (var sid in publisher.Data.Keys)
        {
            _wanted.Remove(sid);
        }
    }

    private static void Tell(RemoteMember publisher, string sid, bool wanted, Instant now) =>
        publisher.Via.Send(new RelayMessage { DataTrackDemand = new DataTrackDemand { TrackSid = sid, Wanted = wanted } }, now);

    private bool IsReceivedHere(string sid)
    {
        foreach (var subscriber in members.Here)
        {
            if (subscriber.DataTracks.Handles.ContainsKey(sid))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsReceivedBehind(string sid, RoomLink publisher)
    {
        foreach (var link in links.All)
        {
            if (link != publisher && link.Wants(sid))
            {
                return true;
            }
        }

        return false;
    }
}
