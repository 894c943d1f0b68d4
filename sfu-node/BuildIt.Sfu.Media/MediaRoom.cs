using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Relay;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.WebRtc;

namespace BuildIt.Sfu.Media;

/// <summary>The media of one room: its peers, what they publish, and who receives it. Lives on one loop.</summary>
public sealed class MediaRoom : IMediaRoom, IDeadline
{
    private static readonly TimeSpan QualityInterval = TimeSpan.FromSeconds(5);

    private readonly List<WebRtcPeer> _peers = [];
    private readonly Dictionary<ParticipantSid, WebRtcPeer> _bySid = [];
    private readonly List<ParticipantQuality> _qualities = [];
    private readonly IMediaRoomEvents _events;
    private Instant _nextQuality = Instant.Never;

    // What the connections of those who have left carried.
    private RoomTraffic _departed;

    /// <param name="host">What it is given.</param>
    /// <param name="events">Learns what happens in it.</param>
    public MediaRoom(IMediaHost host, IMediaRoomEvents events)
    {
        _events = events;
        Tracks = new TrackRouter(host);
    }

    public RoomTraffic Traffic
    {
        get
        {
            var (received, sent) = (_departed.BytesReceived, _departed.BytesSent);
            var (roundTrip, loss, measured) = (TimeSpan.Zero, 0.0, 0);
            foreach (var peer in _peers)
            {
                var traffic = peer.Traffic;
                received += traffic.BytesReceived;
                sent += traffic.BytesSent;
                if (traffic is { RoundTrip: { } time, Loss: { } lost })
                {
                    roundTrip += time;
                    loss += lost;
                    measured++;
                }
            }

            return measured == 0 ? new RoomTraffic(received, sent) : new RoomTraffic(received, sent, roundTrip / measured, loss / measured);
        }
    }

    /// <summary>Bytes of data messages held for all peers; one that is kept for several counts for each.</summary>
    internal long DataWaiting => _peers.Sum(peer => peer.DataWaiting);

    /// <summary>What is published in it, here and elsewhere.</summary>
    internal TrackRouter Tracks { get; }

    public Instant NextDeadline => _peers.Count == 0 ? Instant.Never : Instant.Min(Tracks.Speakers.NextDeadline, _nextQuality);

    public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        Tracks.Now = now;
        var peer = new WebRtcPeer(Tracks, FindSender, options, events, Remove, now);
        _peers.Add(peer);
        _bySid[options.Sid] = peer;
        _nextQuality = _peers.Count == 1 ? now + QualityInterval : _nextQuality;
        Tracks.Host.Loop.Schedule(this);
        return peer;
    }

    public IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        Tracks.Now = now;
        return new RelayPeer(Tracks, FindSender, options, events, now);
    }

    public void SetRelayedMuted(TrackSid track, bool muted, Instant now)
    {
        Tracks.Now = now;
        if (Tracks.Find(track) is { Upstream.IsRelay: true } publication)
        {
            Tracks.SetMuted(publication, muted, now);
        }
    }

    public void EndRelayed(TrackSid track, Instant now)
    {
        Tracks.Now = now;
        if (Tracks.Find(track) is { Upstream.IsRelay: true } publication)
        {
            Tracks.End(publication, now);
            if (!Tracks.Publications.Any(other => other.Track.Publisher == publication.Track.Publisher))
            {
                Tracks.Speakers.Remove(publication.Track.Publisher);
            }
        }
    }

    public void Close(Instant now)
    {
        Tracks.CloseFollowers(now);
        foreach (var peer in _peers.ToArray())
        {
            peer.Close(now);
        }

        Tracks.Close();
        Tracks.Host.Loop.Unschedule(this);
    }

    public void HandleTimeout(Instant now)
    {
        Tracks.Now = now;
        if (now >= Tracks.Speakers.NextDeadline)
        {
            var changed = Tracks.Speakers.TakeChanges(now);
            if (!changed.IsEmpty)
            {
                _events.OnSpeakersChanged(changed, now);
            }
        }

        if (now >= _nextQuality)
        {
            _nextQuality = now + QualityInterval;
            _qualities.Clear();
            foreach (var peer in _peers)
            {
                if (peer.UpdateQuality(now, out var quality))
                {
                    _qualities.Add(quality);
                }
            }

            if (_qualities.Count > 0)
            {
                _events.OnQualityChanged(CollectionsMarshal.AsSpan(_qualities), now);
            }
        }
    }

    private IDataSender? FindSender(ParticipantSid sid) => _bySid.GetValueOrDefault(sid)?.Sender;

    private void Remove(WebRtcPeer peer)
    {
        if (_peers.Remove(peer))
        {
            var traffic = peer.Traffic;
            _departed = new RoomTraffic(_departed.BytesReceived + traffic.BytesReceived, _departed.BytesSent + traffic.BytesSent);
        }

        _bySid.Remove(peer.Sid);
        Tracks.Forget(peer.Sid);
    }
}
