using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// One participant's media. This part ties its connections to what it publishes and receives; negotiation is in
/// <see cref="PublisherNegotiation"/> and <see cref="SubscriberNegotiation"/>. Lives on one loop.
/// </summary>
internal sealed class MediaPeer : IMediaPeer, IUpstream, IDataPortOwner, IPeerConnectionOwner, IDeadline
{
    /// <summary>How often wanted and possible layers are compared.</summary>
    private static readonly TimeSpan UpdateInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>RTCP packets a client may send: one with fifty tracks over a bad link comes to a few hundred.</summary>
    private const double FeedbackPerSecond = 2000;

    private const double FeedbackBurst = 4000;

    private readonly PeerConnection _publisher;
    private readonly PeerConnection? _subscriber;
    private readonly IncomingMedia _incoming;
    private readonly PublisherNegotiation _publishing;
    private readonly SubscriberNegotiation _subscribing;
    private readonly Dictionary<TrackSid, Publication> _publications = [];
    private readonly Dictionary<TrackSid, Subscription> _subscriptions = [];
    private readonly QualityScorer _scorer;
    private TokenBucket _feedbackBudget = new(FeedbackPerSecond, FeedbackBurst);
    private DataPort? _publisherData;
    private DataPort? _subscriberData;
    private Instant _nextUpdate = Instant.Never;
    private DataRate _allocated = DataRate.Infinite;
    private Instant _deadline = Instant.Never;
    private long _announcements;
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

        Outgoing = new SubscriberMedia(_subscriber ?? _publisher, room);
        var policy = new CodecPolicy(options.DisabledCodecs);
        _subscribing = new SubscriberNegotiation(this, _subscriber, policy, now);
        _publishing = new PublisherNegotiation(this, _publisher, _incoming, policy);
        _scorer = new QualityScorer(this);
        WakeBy(_subscribing.NextDeadline);
    }

    public MediaRoom Room { get; }

    public MediaPeerOptions Options { get; }

    public IMediaPeerEvents Events { get; }

    public SubscriberMedia Outgoing { get; }

    // Concrete types, because they are walked all the time and an interface's enumerator would be allocated.
    public Dictionary<TrackSid, Publication> Publications => _publications;

    public Dictionary<TrackSid, Subscription> Subscriptions => _subscriptions;

    public SubscriberNegotiation Subscribing => _subscribing;

    public Instant NextDeadline => _deadline;

    /// <summary>Bytes of data messages held for and from this client.</summary>
    public long DataWaiting => (_publisherData?.Waiting ?? 0) + (_subscriberData?.Waiting ?? 0);

    /// <summary>What its connections carry. How the way to it is, once it has said so.</summary>
    public RoomTraffic Traffic
    {
        get
        {
            var received = _publisher.Transport.BytesReceived + (_subscriber?.Transport.BytesReceived ?? 0);
            var sent = _publisher.Transport.BytesSent + (_subscriber?.Transport.BytesSent ?? 0);
            return Outgoing.Link.IsMeasured ? new RoomTraffic(received, sent, Outgoing.Link.RoundTrip, Outgoing.Link.Loss) : new RoomTraffic(received, sent);
        }
    }

    public PendingAnswer BeginOffer(RemoteDescription offer, Instant now)
    {
        Room.Now = now;
        var answer = _publishing.Begin(offer, now);
        WakeBy(NextWork());
        return answer;
    }

    public NegotiationResult FinishOffer(PendingAnswer answer, Instant now)
    {
        Room.Now = now;
        var result = _closed ? NegotiationResult.Rejected("the connection is closed") : _publishing.Finish((PublisherAnswer)answer, now);
        WakeBy(NextWork());
        return result;
    }

    public string? HandleAnswer(RemoteDescription answer, Instant now)
    {
        Room.Now = now;
        var error = _subscribing.HandleAnswer(answer, now);
        WakeBy(NextWork());
        return error;
    }

    public void AddRemoteCandidate(PeerTarget target, string candidate, Instant now)
    {
        var connection = target == PeerTarget.Publisher ? _publisher : _subscriber;
        connection?.AddRemoteCandidate(candidate);
        WakeBy(NextWork());
    }

    public void RestartSubscriberIce(Instant now)
    {
        Room.Now = now;
        _subscribing.RestartIce(now);
        WakeBy(NextWork());
    }

    public void Publish(PublishedTrack track, Instant now)
    {
        Room.Now = now;
        if (!_publications.TryGetValue(track.Sid, out var publication))
        {
            publication = new Publication(this, track);
            if (!publication.IsVideo)
            {
                publication.Loudness = Room.Speakers.WindowOf(Options.Sid);
            }

            _publications.Add(track.Sid, publication);
            Room.Add(publication);
        }

        publication.Announce(track, now);
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
        foreach (var encoding in publication.Encodings)
        {
            _incoming.Remove(encoding);
        }

        Room.End(publication, now);
    }

    public void SetMuted(TrackSid track, bool muted, Instant now)
    {
        Room.Now = now;
        if (_publications.TryGetValue(track, out var publication) && publication.Muted != muted)
        {
            publication.Muted = muted;
            publication.Subscriptions.ForEach(subscription => subscription.Update(now));
            Room.OnChanged(publication, now);
            WakeBy(NextWork());
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

        if (Room.Find(track) is not { } publication || publication.Upstream == this)
        {
            Events.OnSubscriptionFailed(track, SubscriptionFailure.TrackNotFound, now);
            return;
        }

        var subscription = new Subscription(this, publication, _subscribing.SendTrackFor(publication), settings);
        _subscriptions.Add(track, subscription);
        publication.Subscriptions.Add(subscription);
        _subscribing.Add(subscription, now);
        _nextUpdate = Instant.Min(_nextUpdate, now + UpdateInterval);
        WakeBy(NextWork());
    }

    public void Unsubscribe(TrackSid track, Instant now)
    {
        Room.Now = now;
        if (!_subscriptions.Remove(track, out var subscription))
        {
            return;
        }

        subscription.Publication.Subscriptions.Remove(subscription);
        subscription.End();
        _subscribing.Remove(subscription, now);

        // Only this can want something sooner for it; whoever leaves with many tracks does this to everybody for each of them.
        WakeBy(_subscribing.NextDeadline);
    }

    public bool IsSubscribed(TrackSid track) => _subscriptions.ContainsKey(track);

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        Room.Now = now;
        if (_subscriptions.TryGetValue(track, out var subscription))
        {
            subscription.Settings = settings;
            Allocate(now);
            subscription.Update(now);
        }
    }

    public bool SendData(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        Room.Now = now;
        var port = _subscriber is null ? _publisherData : _subscriberData;
        var sent = port is not null && port.Send(channel, from, message, now);
        WakeBy(NextWork());
        return sent;
    }

    public void HoldData(Instant until, Instant now)
    {
        _publisherData?.Hold(until, now);
        _subscriberData?.Hold(until, now);
        WakeBy(until);
    }

    /// <summary>Takes no reliable messages of this client until <paramref name="receiver"/> says that it has room for them.</summary>
    public void HoldData(DataPort receiver, Instant now)
    {
        _publisherData?.Hold(receiver, now);
        _subscriberData?.Hold(receiver, now);
    }

    /// <summary>The receiver has room again. Messages are taken from the loop, not from inside the receiver's own work.</summary>
    public void ReleaseData(DataPort receiver, Instant now)
    {
        _publisherData?.Release(receiver);
        _subscriberData?.Release(receiver);
        WakeBy(now);
    }

    public void LimitBandwidth(DataRate limit, Instant now)
    {
        Room.Now = now;
        Outgoing.Link.SetCeiling(limit);
        Allocate(now);
    }

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

        _publisherData?.Close(now);
        _subscriberData?.Close(now);
        _publisher.Close(now);
        _subscriber?.Close(now);
        Room.Speakers.Remove(Options.Sid);
        Room.Remove(this);
        Room.Host.Loop.Unschedule(this);
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

        _publisherData?.HandleTimeout(now);
        _subscriberData?.HandleTimeout(now);
        _incoming.Flush(now);
        Outgoing.Flush(now);
        _subscribing.HandleTimeout(now);
        if (now >= _nextUpdate)
        {
            Update(now);
        }

        TellWantedQualities(now);

        if (!_closed)
        {
            _deadline = NextWork();
            Room.Host.Loop.Schedule(this);
        }
    }

    /// <summary>Something is to be told to this publisher (a key frame request): do it as soon as it may be sent.</summary>
    public void OnFeedbackWanted() => WakeBy(_incoming.NextDeadline());

    /// <summary>Counts what this publisher announces.</summary>
    public long NextAnnouncement() => _announcements++;

    /// <summary>What others watch of this publisher's tracks has changed.</summary>
    public void OnDemandChanged(Instant now) => WakeBy(now);

    public void Flush(Instant now) => Room.Forwarding.Flush(now);

    public void OnCodecChangeRefused(Instant now) => Events.OnLimited(ClientLimit.CodecChanges, now);

    public void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now) => Events.OnData(channel, message, now);

    public void OnSlowReader(Instant now) => Events.OnLimited(ClientLimit.SlowReader, now);

    /// <summary>A data channel can be used now.</summary>
    public void OnDataChannelOpen(Instant now) => CheckReady(now);

    /// <summary>Sets up the data channels of a connection, when its description asks for them.</summary>
    public void OnNegotiated(PeerConnection connection, NegotiatedSession session, Instant now)
    {
        if (!session.HasData)
        {
            return;
        }

        ref var port = ref connection == _publisher ? ref _publisherData : ref _subscriberData;
        if (port is null)
        {
            port = new DataPort(this, connection, Outgoing.Link.Data, session.NodeIsDtlsClient, opens: connection == _subscriber);
            if (connection.Transport.IsConnected)
            {
                port.Connect(now);
            }
        }

        port.PeerMaxMessageSize = session.RemoteMaxMessageSize;
    }

    /// <summary>Judges the connection; true when the step shown to people changed.</summary>
    public bool UpdateQuality(Instant now, out ParticipantQuality quality)
    {
        var connection = _subscriber ?? _publisher;
        var changed = connection.State != PeerConnectionState.New
            && _scorer.Update(connection.State is PeerConnectionState.Connected or PeerConnectionState.Connecting, now);
        quality = new ParticipantQuality(Options.Sid, _scorer.Quality, _scorer.Score);
        return changed;
    }

    void IPeerConnectionOwner.OnReached(PeerConnection connection, Instant now)
    {
        if (_subscriber is null)
        {
            _subscribing.OnReached(now);
            WakeBy(NextWork());
        }
    }

    void IPeerConnectionOwner.OnConnectionState(PeerConnection connection, PeerConnectionState state, Instant now)
    {
        Room.Now = now;
        Events.OnConnectionState(connection.Target, state, now);
        if (state == PeerConnectionState.Connected)
        {
            (connection == _publisher ? _publisherData : _subscriberData)?.Connect(now);
        }
        else if (state is PeerConnectionState.Disconnected or PeerConnectionState.Failed)
        {
            _ready = false;
        }

        CheckReady(now);
        WakeBy(NextWork());
    }

    void IPeerConnectionOwner.OnRtp(PeerConnection connection, Span<byte> packet, Instant now)
    {
        if (connection != _publisher || !_incoming.TryAccept(packet, now, out var encoding, out var accepted))
        {
            WakeBy(_incoming.NextDeadline());
            return;
        }

        if (Room.Receive(encoding, accepted, now))
        {
            Events.OnTrackStarted(encoding.Publication.Sid, now);
        }

        WakeBy(_incoming.NextDeadline());
    }

    void IPeerConnectionOwner.OnRtcp(PeerConnection connection, Span<byte> compound, Instant now)
    {
        Room.Now = now;
        if (!_feedbackBudget.TryTake(1, now))
        {
            Events.OnLimited(ClientLimit.Feedback, now);
            return;
        }

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

        // Congestion is answered at once; what has become free is given out with the next regular update.
        if (Outgoing.Link.Available(negotiated: true) < _allocated)
        {
            Allocate(now);
        }

        // Only these can want something sooner for it; to ask everybody costs more than reading the report did.
        WakeBy(Instant.Min(_incoming.NextDeadline(), Outgoing.NextDeadline));
    }

    void IPeerConnectionOwner.OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now)
    {
        Room.Now = now;
        (connection == _publisher ? _publisherData : _subscriberData)?.Handle(packet, now);
        WakeBy(NextWork());
    }

    void IPeerConnectionOwner.OnInput(PeerConnection connection, Instant now) => WakeBy(connection.NextDeadline);

    /// <summary>The participant can be reached: its connection stands, and its message channels when it has any.</summary>
    private void CheckReady(Instant now)
    {
        var main = _subscriber ?? _publisher;
        var data = _subscriber is null ? _publisherData : _subscriberData;
        if (!_ready && !_closed && main.State == PeerConnectionState.Connected && data is null or { IsReady: true })
        {
            _ready = true;
            Events.OnReady(now);
        }
    }

    private void Allocate(Instant now)
    {
        Outgoing.Allocate(Options.AllowPause, now);
        _allocated = Outgoing.Link.Available(negotiated: true);
    }

    private void Update(Instant now)
    {
        _nextUpdate = _subscriptions.Count == 0 ? Instant.Never : now + UpdateInterval;
        _incoming.RoundTrip = Outgoing.Link.RoundTrip;
        Allocate(now);
        foreach (var subscription in _subscriptions.Values)
        {
            subscription.Update(now);
        }
    }

    private void TellWantedQualities(Instant now)
    {
        foreach (var publication in _publications.Values)
        {
            if (publication.TakeWantedQualities(now) is { } wanted)
            {
                Events.OnWantedQualities(publication.Sid, wanted, now);
            }
        }
    }

    private Instant NextWork()
    {
        var next = Instant.Min(_publisher.NextDeadline, _subscriber?.NextDeadline ?? Instant.Never);
        next = Instant.Min(next, Instant.Min(_incoming.NextDeadline(), Outgoing.NextDeadline));
        next = Instant.Min(next, Instant.Min(_publisherData?.NextDeadline ?? Instant.Never, _subscriberData?.NextDeadline ?? Instant.Never));
        foreach (var publication in _publications.Values)
        {
            next = Instant.Min(next, publication.NextDeadline);
        }

        return Instant.Min(next, Instant.Min(_subscribing.NextDeadline, _nextUpdate));
    }

    /// <summary>Makes sure that <see cref="HandleTimeout"/> is called by then.</summary>
    private void WakeBy(Instant due)
    {
        if (due < _deadline && !_closed)
        {
            _deadline = due;
            Room.Host.Loop.Schedule(this);
        }
    }
}
