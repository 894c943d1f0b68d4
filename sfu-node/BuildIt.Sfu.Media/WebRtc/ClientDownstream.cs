using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>What a client takes: its subscriptions, which share what its link carries. Used on one loop.</summary>
internal sealed class ClientDownstream : ISubscriber
{
    /// <summary>How often wanted and possible layers are compared.</summary>
    private static readonly TimeSpan UpdateInterval = TimeSpan.FromMilliseconds(200);

    private readonly TrackRouter _router;
    private readonly IUpstream _own;
    private readonly SubscriberNegotiation _negotiation;
    private readonly Wakeup _wakeup;
    private readonly MediaPeerOptions _options;
    private readonly List<Subscription> _sent = [];
    private readonly SubscriberAllocation _allocation;
    private DataRate _allocated = DataRate.Infinite;
    private Instant _nextUpdate = Instant.Never;

    /// <param name="own">What the client itself publishes, to which it does not subscribe.</param>
    /// <param name="outgoing">The client's way out.</param>
    /// <param name="negotiation">Brings the subscriptions into the client's descriptions.</param>
    /// <param name="options">How the client is set up.</param>
    /// <param name="wakeup">Wakes the client's peer.</param>
    public ClientDownstream(ClientUpstream own, OutgoingMedia outgoing, SubscriberNegotiation negotiation, MediaPeerOptions options, Wakeup wakeup)
    {
        (_router, _own, _negotiation, _options, _wakeup) = (own.Router, own, negotiation, options, wakeup);
        Outgoing = outgoing;
        Events = own.Events;
        _allocation = new SubscriberAllocation(this);
    }

    public ParticipantSid Id => _options.Sid;

    public IRtpSink Sink => Outgoing;

    public LinkBudget Link => Outgoing.Link;

    public OutgoingMedia Outgoing { get; }

    public IMediaPeerEvents Events { get; }

    // A concrete type, because it is walked all the time and an interface's enumerator would be allocated.
    public Dictionary<TrackSid, Subscription> Subscriptions { get; } = [];

    public Instant NextDeadline => Instant.Min(Outgoing.NextDeadline, Instant.Min(_negotiation.NextDeadline, _nextUpdate));

    public void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        if (Subscriptions.ContainsKey(track))
        {
            UpdateSubscription(track, settings, now);
            return;
        }

        if (_router.Find(track) is not { } publication || publication.Upstream == _own)
        {
            Events.OnSubscriptionFailed(track, SubscriptionFailure.TrackNotFound, now);
            return;
        }

        var sends = _negotiation.SendTrackFor(publication);
        var subscription = new Subscription(this, publication, sends.Ssrc, sends.RtxSsrc, settings);
        Subscriptions.Add(track, subscription);
        publication.Subscriptions.Add(subscription);
        _negotiation.Add(subscription, sends, now);
        _nextUpdate = Instant.Min(_nextUpdate, now + UpdateInterval);
    }

    public void Unsubscribe(TrackSid track, Instant now)
    {
        _router.Now = now;
        if (!Subscriptions.Remove(track, out var subscription))
        {
            return;
        }

        subscription.Publication.Subscriptions.Remove(subscription);
        subscription.End();
        _negotiation.Remove(track, now);

        // Only this can want something sooner for it; whoever leaves with many tracks does this to everybody for each of them.
        _wakeup.By(_negotiation.NextDeadline);
    }

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now)
    {
        if (Subscriptions.TryGetValue(track, out var subscription))
        {
            subscription.Settings = settings;
            Allocate(now);
            subscription.Update(now);
        }
    }

    public DownTrackOptions? FormatOf(OutgoingStream stream, PublicationEncoding encoding) => _negotiation.FormatOf(stream, encoding);

    public bool Takes(Publication publication, string codec) => _negotiation.Takes(publication, codec);

    public void Add(OutgoingStream stream)
    {
        _sent.Add((Subscription)stream);
        Outgoing.Add(stream);
    }

    public void Remove(OutgoingStream stream)
    {
        _sent.Remove((Subscription)stream);
        Outgoing.Remove(stream);
    }

    public void End(OutgoingStream stream) => Outgoing.End(stream);

    /// <summary>Divides the link's rate over the tracks.</summary>
    public void Allocate(Instant now)
    {
        _allocation.Update(_sent, Outgoing.HasTransportFeedback, _options.AllowPause, now);
        _allocated = Link.Available(negotiated: true);
    }

    /// <summary>The client has reported. Congestion is answered at once; what has become free is given out with the next regular update.</summary>
    public void OnFeedback(Instant now)
    {
        if (Link.Available(negotiated: true) < _allocated)
        {
            Allocate(now);
        }
    }

    public void HandleTimeout(Instant now)
    {
        Outgoing.Flush(now);
        _negotiation.HandleTimeout(now);
    }

    /// <summary>Compares what is wanted with what is possible when it is time for that; returns whether it was.</summary>
    public bool TryUpdate(Instant now)
    {
        if (now < _nextUpdate)
        {
            return false;
        }

        _nextUpdate = Subscriptions.Count == 0 ? Instant.Never : now + UpdateInterval;
        Allocate(now);
        foreach (var subscription in Subscriptions.Values)
        {
            subscription.Update(now);
        }

        return true;
    }

    /// <summary>Nothing is subscribed to any more.</summary>
    public void Close(Instant now)
    {
        foreach (var track in Subscriptions.Keys.ToArray())
        {
            Unsubscribe(track, now);
        }
    }
}
