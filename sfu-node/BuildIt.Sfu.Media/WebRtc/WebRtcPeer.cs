using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>
/// One participant's media: its connections, and what they serve. What it publishes is in <see cref="ClientUpstream"/>, what it is
/// subscribed to in <see cref="ClientDownstream"/>, its data channels in <see cref="ClientData"/>. Lives on one loop.
/// </summary>
internal sealed class WebRtcPeer : IMediaPeer, IPeerConnectionOwner, ISleeper
{
    /// <summary>RTCP packets a client may send: one with fifty tracks over a bad link comes to a few hundred.</summary>
    private const double FeedbackPerSecond = 2000;

    private const double FeedbackBurst = 4000;

    private readonly TrackRouter _router;
    private readonly MediaPeerOptions _options;
    private readonly IMediaPeerEvents _events;
    private readonly Action<WebRtcPeer> _closed;
    private readonly PeerConnection _publisher;
    private readonly PeerConnection? _subscriber;
    private readonly ClientUpstream _upstream;
    private readonly ClientDownstream _downstream;
    private readonly ClientData _data;
    private readonly PublisherNegotiation _publishing;
    private readonly SubscriberNegotiation _subscribing;
    private readonly QualityScorer _scorer;
    private readonly Wakeup _wakeup;
    private TokenBucket _feedbackBudget = new(FeedbackPerSecond, FeedbackBurst);
    private bool _ready;

    /// <param name="router">The room's tracks.</param>
    /// <param name="findSender">Who of the room's clients has some sid.</param>
    /// <param name="options">How it is set up.</param>
    /// <param name="events">What its client is told.</param>
    /// <param name="closed">Called once it is closed.</param>
    /// <param name="now">Now.</param>
    public WebRtcPeer(
        TrackRouter router, Func<ParticipantSid, IDataSender?> findSender, MediaPeerOptions options, IMediaPeerEvents events, Action<WebRtcPeer> closed, Instant now)
    {
        (_router, _options, _events, _closed) = (router, options, events, closed);
        _wakeup = new Wakeup(router.Host.Loop, this);
        _publisher = new PeerConnection(router.Host, this, PeerTarget.Publisher, options.IceLite, controlling: false);
        _upstream = new ClientUpstream(router, _publisher, events, _wakeup);
        if (!options.SinglePeerConnection)
        {
            // RFC 8445 section 6.1.1: who makes the offer controls, unless lite.
            _subscriber = new PeerConnection(router.Host, this, PeerTarget.Subscriber, options.IceLite, controlling: !options.IceLite);
        }

        var outgoing = new OutgoingMedia(_subscriber ?? _publisher, router);
        var policy = new CodecPolicy(options.DisabledCodecs);
        _data = new ClientData(router.Host, findSender, _publisher, _subscriber, outgoing.Link.Data, events, _wakeup) { Opened = CheckReady };
        _subscribing = new SubscriberNegotiation(outgoing, _data, _subscriber, options, events, policy, now);
        _downstream = new ClientDownstream(_upstream, outgoing, _subscribing, options, _wakeup);
        _publishing = new PublisherNegotiation(_publisher, _upstream, _data, _subscribing, policy, options.SinglePeerConnection);
        _scorer = new QualityScorer(_upstream, _downstream);
        _wakeup.By(_subscribing.NextDeadline);
    }

    public ParticipantSid Sid => _options.Sid;

    /// <summary>Its data channels, as those see them who cannot take what comes by them.</summary>
    public IDataSender Sender => _data;

    /// <summary>Bytes of data messages held for and from this client.</summary>
    public long DataWaiting => _data.Waiting;

    /// <summary>What its connections carry. How the way to it is, once it has said so.</summary>
    public RoomTraffic Traffic
    {
        get
        {
            var received = _publisher.Transport.BytesReceived + (_subscriber?.Transport.BytesReceived ?? 0);
            var sent = _publisher.Transport.BytesSent + (_subscriber?.Transport.BytesSent ?? 0);
            var link = _downstream.Link;
            return link.IsMeasured ? new RoomTraffic(received, sent, link.RoundTrip, link.Loss) : new RoomTraffic(received, sent);
        }
    }

    public PendingAnswer BeginOffer(RemoteDescription offer, Instant now)
    {
        _router.Now = now;
        var answer = _publishing.Begin(offer, now);
        WakeForAll();
        return answer;
    }

    public NegotiationResult FinishOffer(PendingAnswer answer, Instant now)
    {
        _router.Now = now;
        var result = _wakeup.IsClosed ? NegotiationResult.Rejected("the connection is closed") : _publishing.Finish((PublisherAnswer)answer, now);
        WakeForAll();
        return result;
    }

    public string? HandleAnswer(RemoteDescription answer, Instant now)
    {
        _router.Now = now;
        var error = _subscribing.HandleAnswer(answer, now);
        WakeForAll();
        return error;
    }

    public void AddRemoteCandidate(PeerTarget target, string candidate, Instant now)
    {
        var connection = target == PeerTarget.Publisher ? _publisher : _subscriber;
        connection?.AddRemoteCandidate(candidate);
        WakeForAll();
    }

    public void RestartSubscriberIce(Instant now)
    {
        _router.Now = now;
        _subscribing.RestartIce(now);
        WakeForAll();
    }

    public void Publish(PublishedTrack track, Instant now)
    {
        _router.Now = now;
        _upstream.Publish(track, now);
        _publishing.OnAnnounced(now);
    }

    public void Unpublish(TrackSid track, Instant now) => _upstream.Unpublish(track, now);

    public void SetMuted(TrackSid track, bool muted, Instant now)
    {
        _router.Now = now;
        if (_upstream.Publications.TryGetValue(track, out var publication) && _router.SetMuted(publication, muted, now))
        {
            WakeForAll();
        }
    }

    public void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        _router.Now = now;
        _downstream.Subscribe(track, settings, now);
        WakeForAll();
    }

    public void Unsubscribe(TrackSid track, Instant now) => _downstream.Unsubscribe(track, now);

    public bool IsSubscribed(TrackSid track) => _downstream.Subscriptions.ContainsKey(track);

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        _router.Now = now;
        _downstream.UpdateSubscription(track, settings, now);
    }

    public bool SendData(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        _router.Now = now;
        var sent = _data.Send(channel, from, message, now);
        WakeForAll();
        return sent;
    }

    public void HoldData(Instant until, Instant now) => _data.Hold(until, now);

    public void LimitBandwidth(DataRate limit, Instant now)
    {
        _router.Now = now;
        _downstream.Link.SetCeiling(limit);
        _downstream.Allocate(now);
    }

    public void Close(Instant now)
    {
        if (_wakeup.IsClosed)
        {
            return;
        }

        _router.Now = now;
        _wakeup.Close();
        _upstream.Close(now);
        _downstream.Close(now);
        _data.Close(now);
        _publisher.Close(now);
        _subscriber?.Close(now);
        _router.Speakers.Remove(Sid);
        _closed(this);
    }

    public void Work(Instant now)
    {
        _router.Now = now;
        _publisher.HandleTimeout(now);
        _subscriber?.HandleTimeout(now);
        if (_wakeup.IsClosed)
        {
            return;
        }

        _data.HandleTimeout(now);
        _upstream.Incoming.Flush(now);
        _downstream.HandleTimeout(now);
        if (_downstream.TryUpdate(now))
        {
            _upstream.Incoming.RoundTrip = _downstream.Link.RoundTrip;
        }

        _upstream.TellWantedQualities(now);
    }

    public Instant NextWork()
    {
        var next = Instant.Min(_publisher.NextDeadline, _subscriber?.NextDeadline ?? Instant.Never);
        return Instant.Min(Instant.Min(next, _upstream.NextDeadline), Instant.Min(_downstream.NextDeadline, _data.NextDeadline));
    }

    /// <summary>Judges the connection; true when the step shown to people changed.</summary>
    public bool UpdateQuality(Instant now, out ParticipantQuality quality)
    {
        var connection = _subscriber ?? _publisher;
        var changed = connection.State != PeerConnectionState.New
            && _scorer.Update(connection.State is PeerConnectionState.Connected or PeerConnectionState.Connecting, now);
        quality = new ParticipantQuality(Sid, _scorer.Quality, _scorer.Score);
        return changed;
    }

    void IPeerConnectionOwner.OnReached(PeerConnection connection, Instant now)
    {
        if (_subscriber is null)
        {
            _subscribing.OnReached(now);
            WakeForAll();
        }
    }

    void IPeerConnectionOwner.OnConnectionState(PeerConnection connection, PeerConnectionState state, Instant now)
    {
        _router.Now = now;
        _events.OnConnectionState(connection.Target, state, now);
        if (state == PeerConnectionState.Connected)
        {
            _data.Connect(connection, now);
        }
        else if (state is PeerConnectionState.Disconnected or PeerConnectionState.Failed)
        {
            _ready = false;
        }

        CheckReady(now);
        WakeForAll();
    }

    void IPeerConnectionOwner.OnRtp(PeerConnection connection, Span<byte> packet, Instant now)
    {
        if (connection == _publisher)
        {
            _upstream.Handle(packet, now);
        }
    }

    void IPeerConnectionOwner.OnRtcp(PeerConnection connection, Span<byte> compound, Instant now)
    {
        _router.Now = now;
        if (!_feedbackBudget.TryTake(1, now))
        {
            _events.OnLimited(ClientLimit.Feedback, now);
            return;
        }

        var outgoing = _downstream.Outgoing;
        var reader = new RtcpReader(compound);
        while (reader.MoveNext())
        {
            var packet = reader.Current;
            if (connection == _publisher && SenderInfo.TryRead(packet, out var info))
            {
                _upstream.Incoming.HandleSenderReport(info, now);
            }

            if (connection == outgoing.Connection)
            {
                outgoing.HandleFeedback(packet, now);
            }
        }

        _downstream.OnFeedback(now);

        // Only these can want something sooner for it; to ask everybody costs more than reading the report did.
        _wakeup.By(Instant.Min(_upstream.Incoming.NextDeadline, outgoing.NextDeadline));
    }

    void IPeerConnectionOwner.OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now)
    {
        _router.Now = now;
        _data.Handle(connection, packet, now);
        WakeForAll();
    }

    void IPeerConnectionOwner.OnInput(PeerConnection connection, Instant now) => _wakeup.By(connection.NextDeadline);

    /// <summary>The participant can be reached: its connection stands, and its message channels when it has any.</summary>
    private void CheckReady(Instant now)
    {
        if (!_ready && !_wakeup.IsClosed && (_subscriber ?? _publisher).State == PeerConnectionState.Connected && _data.IsReady)
        {
            _ready = true;
            _events.OnReady(now);
        }
    }

    /// <summary>For what may have given work to any part.</summary>
    private void WakeForAll() => _wakeup.By(NextWork());
}
