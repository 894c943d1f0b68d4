using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// One participant's media. This part ties its connections to what it publishes and receives; negotiation is in
/// <see cref="PublisherNegotiation"/> and <see cref="SubscriberNegotiation"/>. Lives on one loop.
/// </summary>
internal sealed class MediaPeer : IMediaPeer, IPeerConnectionOwner, IDeadline
{
    /// <summary>How often wanted and possible layers are compared.</summary>
    private static readonly TimeSpan UpdateInterval = TimeSpan.FromMilliseconds(200);

    private readonly PeerConnection _publisher;
    private readonly PeerConnection? _subscriber;
    private readonly IncomingMedia _incoming;
    private readonly PublisherNegotiation _publishing;
    private readonly SubscriberNegotiation _subscribing;
    private readonly Dictionary<TrackSid, Publication> _publications = [];
    private readonly Dictionary<TrackSid, Subscription> _subscriptions = [];
    private Instant _nextUpdate = Instant.Never;
    private Instant _deadline = Instant.Never;
    private bool _ready;
    private bool _closed;

    public MediaPeer(MediaRoom room, MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        Room = room;
        Options = options;
        Events = events;
        var host = room.Host;
        _publisher = new PeerConnection(host, this, PeerTarget.Publisher, options.IceLite, controlling: false);
        _incoming = new IncomingMedia(_publisher, new Ssrc(room.NextRandom()));
        if (!options.SinglePeerConnection)
        {
            // RFC 8445 section 6.1.1: who makes the offer controls, unless lite.
            _subscriber = new PeerConnection(host, this, PeerTarget.Subscriber, options.IceLite, controlling: !options.IceLite);
        }

        Outgoing = new OutgoingMedia(_subscriber ?? _publisher, room);
        var policy = new CodecPolicy(options.DisabledCodecs);
        _subscribing = new SubscriberNegotiation(this, _subscriber, policy, now);
        _publishing = new PublisherNegotiation(this, _publisher, _incoming, policy);
        Touch(_subscribing.NextDeadline);
    }

    public MediaRoom Room { get; }

    public MediaPeerOptions Options { get; }

    public IMediaPeerEvents Events { get; }

    public OutgoingMedia Outgoing { get; }

    public IReadOnlyDictionary<TrackSid, Publication> Publications => _publications;

    public IReadOnlyDictionary<TrackSid, Subscription> Subscriptions => _subscriptions;

    public SubscriberNegotiation Subscribing => _subscribing;

    public Instant NextDeadline => _deadline;

    public NegotiationResult HandleOffer(string sdp, Instant now)
    {
        Room.Now = now;
        var result = _publishing.HandleOffer(sdp, now);
        Touch(NextWork());
        return result;
    }

    public string? HandleAnswer(string sdp, Instant now)
    {
        Room.Now = now;
        var error = _subscribing.HandleAnswer(sdp, now);
        Touch(NextWork());
        return error;
    }

    public void AddRemoteCandidate(PeerTarget target, string candidate, Instant now)
    {
        var connection = target == PeerTarget.Publisher ? _publisher : _subscriber;
        connection?.AddRemoteCandidate(candidate);
        Touch(NextWork());
    }

    public void RestartSubscriberIce(Instant now)
    {
        Room.Now = now;
        _subscribing.RestartIce(now);
        Touch(NextWork());
    }

    public void Publish(PublishedTrack track, Instant now)
    {
        Room.Now = now;
        if (!_publications.TryGetValue(track.Sid, out var publication))
        {
            publication = new Publication(this, track);
            _publications.Add(track.Sid, publication);
            Room.Add(publication);
        }

        publication.Announce(track);
        _publishing.OnAnnounced(now);
    }

    public void Unpublish(TrackSid track, Instant now)
    {
        Room.Now = now;
        if (!_publications.Remove(track, out var publication))
        {
            return;
        }

        Room.Remove(publication);
        foreach (var subscription in publication.Subscriptions.ToArray())
        {
            subscription.Subscriber.Unsubscribe(track, now);
        }

        foreach (var encoding in publication.Encodings)
        {
            _incoming.Remove(encoding);
        }
    }

    public void SetMuted(TrackSid track, bool muted, Instant now)
    {
        Room.Now = now;
        if (_publications.TryGetValue(track, out var publication) && publication.Muted != muted)
        {
            publication.Muted = muted;
            publication.Subscriptions.ForEach(subscription => subscription.Update(now));
        }
    }

    public void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        Room.Now = now;
        if (_subscriptions.ContainsKey(track))
        {
            UpdateSubscription(track, settings, now);
            return;
        }

        if (Room.Find(track) is not { } publication || publication.Publisher == this)
        {
            Events.OnSubscriptionFailed(track, SubscriptionFailure.TrackNotFound, now);
            return;
        }

        var subscription = new Subscription(this, publication, _subscribing.SendTrackFor(publication), settings);
        _subscriptions.Add(track, subscription);
        publication.Subscriptions.Add(subscription);
        _subscribing.Add(subscription, now);
        _nextUpdate = Instant.Min(_nextUpdate, now + UpdateInterval);
        Touch(NextWork());
    }

    public void Unsubscribe(TrackSid track, Instant now)
    {
        Room.Now = now;
        if (!_subscriptions.Remove(track, out var subscription))
        {
            return;
        }

        subscription.Publication.Subscriptions.Remove(subscription);
        subscription.Stop();
        _subscribing.Remove(subscription, now);
        Touch(NextWork());
    }

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        Room.Now = now;
        if (_subscriptions.TryGetValue(track, out var subscription))
        {
            subscription.Settings = settings;
            subscription.Update(now);
        }
    }

    public bool SendData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now)
    {
        Room.Now = now;
        return false;
    }

    public void LimitBandwidth(DataRate limit, Instant now) => Room.Now = now;

    public void Close(Instant now)
    {
        if (_closed)
        {
            return;
        }

        Room.Now = now;
        _closed = true;
        foreach (var track in _publications.Keys.ToArray())
        {
            Unpublish(track, now);
        }

        foreach (var track in _subscriptions.Keys.ToArray())
        {
            Unsubscribe(track, now);
        }

        _publisher.Close(now);
        _subscriber?.Close(now);
        Room.Remove(this);
        Room.Host.Loop.Unwatch(this);
    }

    public void HandleTimeout(Instant now)
    {
        if (_closed)
        {
            return;
        }

        Room.Now = now;
        _deadline = Instant.Never;
        _publisher.HandleTimeout(now);
        _subscriber?.HandleTimeout(now);
        if (_closed)
        {
            return;
        }

        _incoming.Flush(now);
        Outgoing.Flush(now);
        _subscribing.HandleTimeout(now);
        if (now >= _nextUpdate)
        {
            _nextUpdate = _subscriptions.Count == 0 ? Instant.Never : now + UpdateInterval;
            foreach (var subscription in _subscriptions.Values)
            {
                subscription.Update(now);
            }
        }

        if (!_closed)
        {
            _deadline = NextWork();
            Room.Host.Loop.Watch(this);
        }
    }

    /// <summary>Something is to be told to this publisher (a key frame request): do it as soon as it may be sent.</summary>
    public void OnFeedbackWanted() => Touch(_incoming.NextDeadline());

    void IPeerConnectionOwner.OnConnectionState(PeerConnection connection, PeerConnectionState state, Instant now)
    {
        Room.Now = now;
        Events.OnConnectionState(connection.Target, state, now);
        var wasReady = _ready;
        _ready = state == PeerConnectionState.Connected && connection == (_subscriber ?? _publisher)
            || (_ready && state is not (PeerConnectionState.Disconnected or PeerConnectionState.Failed));
        if (_ready && !wasReady)
        {
            Events.OnReady(now);
        }

        Touch(NextWork());
    }

    void IPeerConnectionOwner.OnRtp(PeerConnection connection, Span<byte> packet, Instant now)
    {
        if (connection != _publisher || !_incoming.TryAccept(packet, now, out var encoding, out var accepted))
        {
            Touch(_incoming.NextDeadline());
            return;
        }

        Room.Now = now;
        var publication = encoding.Publication;
        if (!publication.HasStarted)
        {
            publication.HasStarted = true;
            Events.OnTrackStarted(publication.Sid, now);
        }

        if (!publication.Muted)
        {
            Forward(encoding, accepted, now);
        }

        Touch(_incoming.NextDeadline());
    }

    void IPeerConnectionOwner.OnRtcp(PeerConnection connection, Span<byte> compound, Instant now)
    {
        Room.Now = now;
        var reader = new RtcpReader(compound);
        while (reader.MoveNext())
        {
            var packet = reader.Current;
            if (connection == _publisher && SenderInfo.TryRead(packet, out var info))
            {
                _incoming.HandleSenderReport(info, now);
            }

            if (connection == Outgoing.Connection)
            {
                Outgoing.HandleFeedback(packet, now);
            }
        }

        Touch(NextWork());
    }

    void IPeerConnectionOwner.OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now) => Room.Now = now;

    void IPeerConnectionOwner.OnInput(PeerConnection connection, Instant now) => Touch(connection.NextDeadline);

    private static void Forward(PublicationEncoding encoding, in IncomingPacket packet, Instant now)
    {
        foreach (var subscription in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(encoding.Subscriptions))
        {
            subscription.Down!.Forward(packet, subscription.Subscriber.Outgoing, now);
        }
    }

    private Instant NextWork()
    {
        var next = Instant.Min(_publisher.NextDeadline, _subscriber?.NextDeadline ?? Instant.Never);
        next = Instant.Min(next, Instant.Min(_incoming.NextDeadline(), Outgoing.NextDeadline));
        return Instant.Min(next, Instant.Min(_subscribing.NextDeadline, _nextUpdate));
    }

    /// <summary>Makes sure that <see cref="HandleTimeout"/> is called by then.</summary>
    private void Touch(Instant due)
    {
        if (due < _deadline && !_closed)
        {
            _deadline = due;
            Room.Host.Loop.Watch(this);
        }
    }
}
