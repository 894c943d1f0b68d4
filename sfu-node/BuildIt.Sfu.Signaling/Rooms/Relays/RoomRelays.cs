using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using RoomState = BuildIt.Sfu.Signaling.Rooms.Members.RoomState;

namespace BuildIt.Sfu.Signaling.Rooms.Relays;

/// <summary>The room at other nodes: opens links to them, and acts on what happens at their ends. Used on the room's loop.</summary>
internal sealed class RoomRelays(
    RoomState state,
    RoomLinks links,
    RelayNews news,
    RelayRefresh refresh,
    LostMembers lost,
    RelayReader reader,
    SubscriptionEngine subscriptions,
    RoomTimer timer) : IRoomLinkEvents, IDeadline
{
    public Instant NextDeadline => Instant.Min(links.NextDeadline, Instant.Min(refresh.NextDeadline, lost.NextDeadline));

    /// <summary>Makes this end of a link. One that there is to the same node, of a route no newer, ends once the new one is complete.</summary>
    public RoomLink Open(RoomLinkOptions options, Action<RoomLink, Instant> changed, Instant now)
    {
        var link = new RoomLink(state.Media, options, links.AllowanceOf(options.Node), this, changed, now);
        links.Add(link);
        return link;
    }

    public void HandleTimeout(Instant now)
    {
        links.HandleTimeout(now);
        refresh.HandleTimeout(now);
        lost.HandleTimeout(now);
    }

    void IRoomLinkEvents.OnUp(RoomLink link, Instant now)
    {
        news.SayEverything(link, now);
        refresh.LinkUp(now);
        timer.Schedule(link.NextDeadline);
    }

    void IRoomLinkEvents.OnComplete(RoomLink link, Instant now) => lost.HeardAll(link, now);

    void IRoomLinkEvents.OnRetires(Instant now) => refresh.SayAnew(now);

    void IRoomLinkEvents.OnEnded(RoomLink link, Instant now)
    {
        links.Remove(link);
        refresh.LinkEnded(broke: !link.IsRetiring, now);
        lost.LinkEnded(link, now);
    }

    void IRoomLinkEvents.OnMessage(RoomLink link, RelayMessage message, DataChannelKind channel, Instant now) => reader.Read(link, message, channel, now);

    void IRoomLinkEvents.OnTrack(RoomLink link, RelayTrack track, Instant now)
    {
        if (state.Tracks.Find(track.Track.Sid.Value) is { } known)
        {
            link.Send(new RelayMessage { Track = RelayConversion.ToMessage(track, known.Info) }, now);
        }
    }

    void IRoomLinkEvents.OnWatched(TrackSid track) => subscriptions.TellFirst(track);
}
