using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>A downstream that chooses its tracks one by one, and is told how they fare. Used on the room's loop.</summary>
internal interface ISubscriber : IDownstream
{
    /// <summary>What it is told.</summary>
    IMediaPeerEvents Events { get; }

    /// <summary>Whether it could take a track in another codec.</summary>
    bool Takes(Publication publication, string codec);

    void Unsubscribe(TrackSid track, Instant now);
}

/// <summary>One participant's subscription to one track, from the wish to forwarding. Used on one loop.</summary>
internal sealed class Subscription : OutgoingStream
{
    /// <summary>How long a publisher may take to send a codec that it was asked for; a client needs an offer and an answer for it.</summary>
    private static readonly TimeSpan BackupPatience = TimeSpan.FromSeconds(15);

    private bool _negotiated;
    private ushort? _firstSequence;
    private bool _announced;
    private (Dynacast? Publisher, VideoQualityLevel Quality) _told;
    private BackupCodec? _awaited;
    private Instant _awaitedSince;
    private bool _failed;

    /// <param name="subscriber">Who subscribes.</param>
    /// <param name="publication">To what.</param>
    /// <param name="source">SSRC of what is sent.</param>
    /// <param name="repairSource">SSRC of its retransmissions; null without.</param>
    /// <param name="settings">What is wanted of it.</param>
    public Subscription(ISubscriber subscriber, Publication publication, uint source, uint? repairSource, in SubscriptionSettings settings)
    {
        Subscriber = subscriber;
        Sink = subscriber.Sink;
        Publication = publication;
        Source = source;
        RepairSource = repairSource;
        CanonicalName = System.Text.Encoding.ASCII.GetBytes(publication.Track.Publisher.Value);
        Settings = settings;
    }

    public ISubscriber Subscriber { get; }

    /// <summary>The subscriber's way out. Kept here because every packet needs it, and the detour is a miss of the cache.</summary>
    public IRtpSink Sink { get; }

    public Publication Publication { get; }

    public override bool IsVideo => Publication.IsVideo;

    public override uint Source { get; }

    public override uint? RepairSource { get; }

    public override ushort FirstSequence => _firstSequence ??= (ushort)(Publication.Router.NextRandom() & 0x7FFF);

    public override byte[] CanonicalName { get; }

    public SubscriptionSettings Settings { get; set; }

    /// <summary>Which encoding is forwarded; null before negotiation and while the subscriber can receive none.</summary>
    public PublicationEncoding? Encoding { get; private set; }

    /// <summary>Highest layers that the link's share allows; set by the allocation.</summary>
    public LayerPair Allowed { get; private set; } = LayerPair.All;

    /// <summary>Whether the allocation holds the track back entirely.</summary>
    public TrackStreamState StreamState { get; private set; } = TrackStreamState.Active;

    /// <summary>Since when not even the base layer fits; never when it does.</summary>
    public Instant StarvedSince { get; set; } = Instant.Never;

    /// <summary>Counts at the last quality score, to judge what came since.</summary>
    public (long Sent, long Lost) Scored { get; set; }

    /// <summary>True when nobody looks: muted by the publisher or hidden by the subscriber.</summary>
    public bool IsIdle => Publication.Muted || Settings.Disabled;

    /// <summary>The subscriber agreed how it takes the track; forwarding starts when the publisher's side is negotiated too.</summary>
    public void OnNegotiated(Instant now)
    {
        _negotiated = true;
        TryStart(now);
    }

    /// <summary>
    /// Starts forwarding when both sides are negotiated and have a codec in common, or goes on with what is negotiated now.
    /// Changes nothing when that is the same.
    /// </summary>
    public void TryStart(Instant now)
    {
        if (!_negotiated)
        {
            return;
        }

        var isPublished = false;
        foreach (var encoding in Publication.Encodings)
        {
            if (encoding.Codec is null)
            {
                continue;
            }

            isPublished = true;
            if (Subscriber.FormatOf(this, encoding) is { } format)
            {
                Start(encoding, format);
                if (!_announced)
                {
                    _announced = true;
                    Subscriber.Events.OnSubscribed(Publication.Sid, now);
                }

                return;
            }
        }

        if (isPublished)
        {
            if (Encoding is not null)
            {
                Stop();
            }

            StandBy(now);
        }
    }

    /// <summary>Sends nothing for now; the subscription may start again.</summary>
    public void Stop()
    {
        StopWaiting(Publication.Router.Now);
        if (Encoding is null)
        {
            return;
        }

        Encoding.Subscriptions.Remove(this);
        Encoding.Demand?.Remove(Subscriber.Id, Publication.Router.Now);
        Publication.Upstream.OnDemandChanged(Publication.Router.Now);
        _told = default;
        Subscriber.Remove(this);
        Encoding = null;
    }

    /// <summary>The subscription is over.</summary>
    public void End()
    {
        Stop();
        Subscriber.End(this);
        Down = null;
    }

    /// <summary>
    /// Brings the outgoing stream to what is wanted, allowed and there, and asks for a key frame where one is needed for that.
    /// </summary>
    public void Update(Instant now)
    {
        if (Encoding is null)
        {
            Wait(now);
        }

        if (Down is null || Encoding?.Incoming is not { } incoming)
        {
            return;
        }

        var wanted = IsIdle ? LayerPair.None : Allowed;
        if (!wanted.IsNone && Publication.IsVideo)
        {
            wanted = wanted with { Spatial = Math.Min(wanted.Spatial, WantedLayer()) };
            Down.HighestLayer = incoming.IsSimulcast ? Math.Max(0, Encoding.HighestActiveLayer()) : LayerPair.All.Spatial;
        }

        TellPublisher(now);
        if (Down.TargetLayers != wanted)
        {
            Down.SetTarget(wanted);
        }

        RequestKeyFrame(incoming);
    }

    /// <summary>Takes the allocation's decision, and tells the subscriber when its stream is held back or goes on.</summary>
    public void Allow(LayerPair layers, TrackStreamState state, Instant now)
    {
        if (StreamState != state)
        {
            StreamState = state;
            if (state == TrackStreamState.Paused)
            {
                Publication.Router.Host.Counters.OnPaused();
            }

            Subscriber.Events.OnStreamState(Publication.Sid, state, now);
        }

        if (Allowed != layers)
        {
            Allowed = layers;
            Update(now);
        }
    }

    public override void OnPictureLost()
    {
        if (Down is { IsForwarding: true } && Encoding?.Incoming is { } incoming)
        {
            WantKeyFrame(incoming.Layer(incoming.IsSimulcast ? Math.Max(0, Down.CurrentLayers.Spatial) : 0));
        }
    }

    /// <summary>Highest layer (simulcast or spatial) that the subscriber has asked for.</summary>
    public int WantedLayer() => Encoding!.LayerOfQuality(WantedQuality());

    public VideoQualityLevel WantedQuality() => IsIdle
        ? VideoQualityLevel.Off
        : Settings is { Width: > 0, Height: > 0 } ? (Encoding ?? Publication.Encodings[0]).QualityForSize(Settings.Width, Settings.Height) : Settings.Quality;

    /// <summary>Dynacast: what this subscriber can use at most.</summary>
    private void TellPublisher(Instant now)
    {
        var quality = WantedQuality();
        if ((Encoding?.Demand ?? _awaited?.Demand) is { } demand && _told != (demand, quality))
        {
            _told = (demand, quality);
            demand.SetWanted(Subscriber.Id, quality, now);
            Publication.Upstream.OnDemandChanged(now);
        }
    }

    /// <summary>Nothing of what is published can be sent: asks for a codec in which it could be, or tells the subscriber that there is none.</summary>
    private void StandBy(Instant now)
    {
        if (Publication.Backups.Find(codec => Subscriber.Takes(Publication, codec.Name)) is { } backup)
        {
            if (_awaited != backup)
            {
                StopWaiting(now);
                (_awaited, _awaitedSince) = (backup, now);
            }

            TellPublisher(now);
        }
        else if (_awaited is null)
        {
            Fail(now);
        }
    }

    /// <summary>A codec was asked for: keeps the publisher informed, and the subscriber when it does not come.</summary>
    private void Wait(Instant now)
    {
        if (_awaited is null)
        {
            return;
        }

        TellPublisher(now);
        if (IsIdle)
        {
            _awaitedSince = now;
        }
        else if (now - _awaitedSince >= BackupPatience)
        {
            Fail(now);
        }
    }

    private void StopWaiting(Instant now)
    {
        if (_awaited is null)
        {
            return;
        }

        _awaited.Demand.Remove(Subscriber.Id, now);
        Publication.Upstream.OnDemandChanged(now);
        (_awaited, _told) = (null, default);
    }

    /// <summary>Tells the subscriber once that it gets nothing; it gets something as soon as there is a codec for it.</summary>
    private void Fail(Instant now)
    {
        if (!_failed)
        {
            _failed = true;
            Subscriber.Events.OnSubscriptionFailed(Publication.Sid, SubscriptionFailure.CodecUnsupported, now);
        }
    }

    private void RequestKeyFrame(IncomingTrack incoming)
    {
        var needed = Down!.LayerNeedingKeyFrame;
        if (needed >= 0)
        {
            WantKeyFrame(incoming.Layer(needed));
        }
    }

    /// <summary>Asks the publisher, unless somebody has already or this subscriber asks too often.</summary>
    private void WantKeyFrame(IncomingLayer? layer)
    {
        if (layer is null || layer.KeyFrames.IsWanted)
        {
            return;
        }

        var now = Publication.Router.Now;
        if (!Publication.TryTakeKeyFrame(Subscriber.Id, now))
        {
            Subscriber.Events.OnLimited(ClientLimit.KeyFrames, now);
            return;
        }

        layer.KeyFrames.Want();
        Publication.Upstream.OnKeyFrameWanted(layer);
    }

    private void Start(PublicationEncoding encoding, DownTrackOptions format)
    {
        _failed = false;
        if (Down is null)
        {
            Down = new DownTrack(encoding.Incoming!, format);
        }
        else
        {
            // The same stream to the subscriber and under its key: the numbers go on.
            Down.SetSource(encoding.Incoming!, format);
        }

        if (Encoding != encoding)
        {
            Stop();
            Encoding = encoding;
            encoding.Subscriptions.Add(this);
            Subscriber.Add(this);
        }

        Update(Publication.Router.Now);
    }
}
