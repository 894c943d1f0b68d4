using BuildIt.Sfu.Media;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>Puts each new room on the loop that has the fewest, unless it was given one. Thread-safe.</summary>
public sealed class MediaRoomFactory(IReadOnlyList<MediaHost> hosts) : IMediaRoomFactory
{
    public IRoomLoop ChooseLoop() => Take(hosts.MinBy(host => host.Rooms)!);

    public IRoomLoop TakeLoop(int index) => Take(hosts[index]);

    public IMediaRoom Create(IRoomLoop loop, IMediaRoomEvents events)
    {
        var host = hosts.First(candidate => candidate.Loop == loop);
        return new CountedRoom(new MediaRoom(host, events), host);
    }

    private static IRoomLoop Take(MediaHost host)
    {
        // Counted now and not when the room is made, so that rooms opened at once are spread.
        host.RoomAdded();
        return host.Loop;
    }

    /// <summary>Gives its place on the loop back when it closes.</summary>
    private sealed class CountedRoom(MediaRoom room, MediaHost host) : IMediaRoom
    {
        private bool _closed;

        public RoomTraffic Traffic => room.Traffic;

        public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now) => room.AddPeer(options, events, now);

        public IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now) => room.AddRelay(options, events, now);

        public void SetRelayedMuted(TrackSid track, bool muted, Instant now) => room.SetRelayedMuted(track, muted, now);

        public void EndRelayed(TrackSid track, Instant now) => room.EndRelayed(track, now);

        public void Close(Instant now)
        {
            if (!_closed)
            {
                _closed = true;
                room.Close(now);
                host.RoomRemoved();
            }
        }
    }
}
