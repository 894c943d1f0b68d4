using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>Keeps the tracks, of media and of data, of members of other nodes as those nodes tell of them. Used on the room's loop.</summary>
internal sealed class RemoteTracks(RoomState state, RoomLinks links, SubscriptionEngine subscriptions, DataTrackRelay dataTracks, DataDemand dataDemand)
{
    /// <summary>Brings the tracks of a member to what its node says.</summary>
    public void Follow(RemoteMember member, Instant now)
    {
        var said = member.Snapshot.Tracks;
        foreach (var track in member.Tracks.Values.Where(track => said.All(info => info.Sid != track.Sid.Value)).ToArray())
        {
            End(member, track, isLost: false, now);
        }

        foreach (var info in said)
        {
            if (member.Tracks.TryGetValue(info.Sid, out var track))
            {
                track.Info = info;
                state.Media.SetRelayedMuted(track.Sid, info.Muted, now);
            }
            else if (info.Sid.Length > 0 && state.Tracks.Find(info.Sid) is null)
            {
                track = new Track(new TrackSid(info.Sid), member, info);
                member.Tracks.Add(info.Sid, track);
                state.Tracks.Add(track);
            }
        }

        dataTracks.Follow(member, member.Snapshot.DataTracks, now);
    }

    /// <summary>Media comes the way its publisher is known by; what was said of it by another is kept for when that is the way.</summary>
    public void Receive(RoomLink link, RemoteMember publisher, Instant now)
    {
        foreach (var sid in publisher.Tracks.Keys)
        {
            Receive(link, publisher, sid, now);
        }
    }

    /// <summary>A member is known by another link than before: what is wanted of it is to be told there.</summary>
    public void Moved(RemoteMember member, Instant now) => dataDemand.Moved(member, now);

    /// <inheritdoc cref="Receive(RoomLink, RemoteMember, Instant)"/>
    public void Receive(RoomLink link, RemoteMember publisher, string sid, Instant now)
    {
        if (publisher.Via != link || link.IsClosed || !publisher.Tracks.TryGetValue(sid, out var track)
            || link.FindStreams(sid) is not { } streams || streams.Track.Publisher != publisher.Sid)
        {
            return;
        }

        link.Peer.AddTrack(streams, now);
        if (!track.Published)
        {
            track.Published = true;
            subscriptions.TrackPublished(track, now);
        }
    }

    /// <summary>Ends all tracks of a member.</summary>
    /// <param name="member">Whose.</param>
    /// <param name="isLost">It may be there all the same: what other links said of its tracks holds, and is not said again.</param>
    /// <param name="now">Now.</param>
    public void EndAll(RemoteMember member, bool isLost, Instant now)
    {
        foreach (var track in member.Tracks.Values.ToArray())
        {
            End(member, track, isLost, now);
        }

        dataDemand.Forget(member);
        dataTracks.Follow(member, [], now);
    }

    private void End(RemoteMember member, Track track, bool isLost, Instant now)
    {
        member.Tracks.Remove(track.Sid.Value);
        foreach (var link in links.All)
        {
            if (!isLost || link == member.Via)
            {
                link.ForgetStreams(track.Sid.Value);
            }
        }

        state.Tracks.Remove(track);
        state.Media.EndRelayed(track.Sid, now);
        subscriptions.TrackGone(track);
    }
}
