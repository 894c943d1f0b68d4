using System.Buffers.Binary;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Speakers;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>The media of one room: its peers, what they publish, and who receives it. Lives on one loop.</summary>
public sealed class MediaRoom : IMediaRoom, IDeadline
{
    private static readonly TimeSpan QualityInterval = TimeSpan.FromSeconds(5);

    /// <summary>What browsers put into one audio packet.</summary>
    private static readonly TimeSpan AudioPacket = TimeSpan.FromMilliseconds(20);

    private readonly List<MediaPeer> _peers = [];
    private readonly Dictionary<ParticipantSid, MediaPeer> _bySid = [];
    private readonly Dictionary<TrackSid, Publication> _publications = [];
    private readonly List<ParticipantQuality> _qualities = [];
    private readonly List<ITrackFollower> _followers = [];
    private readonly RelayFactory? _relays;
    private readonly EndingPublications _ending = new();
    private Instant _nextQuality = Instant.Never;

    // What the connections of those who have left carried.
    private RoomTraffic _departed;

    /// <param name="sid">Its session.</param>
    /// <param name="host">What it is given.</param>
    /// <param name="events">Learns what happens in it.</param>
    /// <param name="relays">Makes its ends of links to other nodes; null where there are none.</param>
    public MediaRoom(RoomSid sid, IMediaHost host, IMediaRoomEvents events, RelayFactory? relays = null)
    {
        _relays = relays;
        Sid = sid;
        Host = host;
        Events = events;
        Forwarding = new ForwardingBatch(this);
    }

    public RoomSid Sid { get; }

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

    internal IMediaHost Host { get; }

    internal IMediaRoomEvents Events { get; }

    /// <summary>The time of the event being handled.</summary>
    internal Instant Now { get; set; }

    internal IReadOnlyList<MediaPeer> Peers => _peers;

    /// <summary>Bytes of data messages held for all peers; one that is kept for several counts for each.</summary>
    internal long DataWaiting => _peers.Sum(peer => peer.DataWaiting);

    /// <summary>What has come and is about to be forwarded.</summary>
    internal ForwardingBatch Forwarding { get; }

    internal ActiveSpeakers Speakers { get; } = new(new SpeakerOptions());

    public Instant NextDeadline => Instant.Min(
        _ending.NextDeadline, _peers.Count == 0 ? Instant.Never : Instant.Min(Speakers.NextDeadline, _nextQuality));

    public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        Now = now;
        var peer = new MediaPeer(this, options, events, now);
        _peers.Add(peer);
        _bySid[options.Sid] = peer;
        _nextQuality = _peers.Count == 1 ? now + QualityInterval : _nextQuality;
        Host.Loop.Schedule(this);
        return peer;
    }

    public IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        Now = now;
        return (_relays ?? throw new NotSupportedException("This room has no links to other nodes."))(this, options, events, now);
    }

    public void SetRelayedMuted(TrackSid track, bool muted, Instant now)
    {
        Now = now;
        if (Find(track) is { Upstream: not MediaPeer } publication && publication.Muted != muted)
        {
            publication.Muted = muted;
            publication.Subscriptions.ForEach(subscription => subscription.Update(now));
            OnChanged(publication, now);
        }
    }

    public void EndRelayed(TrackSid track, Instant now)
    {
        Now = now;
        if (Find(track) is { Upstream: not MediaPeer } publication)
        {
            Remove(publication);
            End(publication, now);
            if (!_publications.Values.Any(other => other.Track.Publisher == publication.Track.Publisher))
            {
                Speakers.Remove(publication.Track.Publisher);
            }
        }
    }

    public void Close(Instant now)
    {
        foreach (var follower in _followers.ToArray())
        {
            follower.Close(now);
        }

        foreach (var peer in _peers.ToArray())
        {
            peer.Close(now);
        }

        Host.Loop.Unschedule(Forwarding);
        Host.Loop.Unschedule(this);
    }

    public void HandleTimeout(Instant now)
    {
        Now = now;
        _ending.HandleTimeout(now);
        if (now >= Speakers.NextDeadline)
        {
            var changed = Speakers.TakeChanges(now);
            if (!changed.IsEmpty)
            {
                Events.OnSpeakersChanged(changed, now);
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
                Events.OnQualityChanged(CollectionsMarshal.AsSpan(_qualities), now);
            }
        }
    }

    internal MediaPeer? Find(ParticipantSid peer) => _bySid.GetValueOrDefault(peer);

    internal Publication? Find(TrackSid track) => _publications.GetValueOrDefault(track);

    internal void Add(Publication publication) => _publications[publication.Sid] = publication;

    internal void Remove(Publication publication)
    {
        if (_publications.Remove(publication.Sid))
        {
            _followers.ForEach(follower => follower.OnTrackGone(publication));
        }
    }

    internal Dictionary<TrackSid, Publication>.ValueCollection Publications => _publications.Values;

    internal void Follow(ITrackFollower follower) => _followers.Add(follower);

    internal void Unfollow(ITrackFollower follower) => _followers.Remove(follower);

    /// <summary>A publication can be had in one more format, or is muted or not any more.</summary>
    internal void OnChanged(Publication publication, Instant now) => _followers.ForEach(follower => follower.OnTrackChanged(publication, now));

    /// <summary>Takes what has come of a publication and forwards it; true when it is the first of it.</summary>
    internal bool Receive(PublicationEncoding encoding, in IncomingPacket packet, Instant now)
    {
        Now = now;
        var publication = encoding.Publication;
        if (publication.Loudness is { } loudness && !publication.Muted && packet.Extensions.TryGetAudioLevel(packet.Rtp.Datagram, out var level, out _))
        {
            loudness.Observe(level, AudioPacket, now);
        }

        var isFirst = !publication.HasStarted;
        publication.HasStarted = true;
        if (!publication.Muted)
        {
            Forwarding.Add(encoding, packet, now);
        }

        return isFirst;
    }

    /// <summary>Ends all subscriptions to what was removed, in a large room over a while.</summary>
    internal void End(Publication publication, Instant now)
    {
        _ending.Add(publication, now);
        if (_ending.NextDeadline != Instant.Never)
        {
            Host.Loop.Schedule(this);
        }
    }

    internal void Remove(MediaPeer peer)
    {
        if (_peers.Remove(peer))
        {
            var traffic = peer.Traffic;
            _departed = new RoomTraffic(_departed.BytesReceived + traffic.BytesReceived, _departed.BytesSent + traffic.BytesSent);
        }

        _bySid.Remove(peer.Options.Sid);
        foreach (var publication in _publications.Values)
        {
            publication.Forget(peer.Options.Sid);
        }
    }

    /// <summary>Unpredictable, for SSRCs and first sequence numbers (RFC 3550 sections 5.1 and 8).</summary>
    internal uint NextRandom()
    {
        Span<byte> bytes = stackalloc byte[4];
        Host.Random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
