using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Rooms.Tracks;

/// <summary>One participant's subscription to one track, from the wish to forwarding. Used on one loop.</summary>
internal sealed class Subscription : OutgoingStream
{
    /// <summary>How long a publisher may take to send a codec that it was asked for; a client needs an offer and an answer for it.</summary>
    private static readonly TimeSpan BackupPatience = TimeSpan.FromSeconds(15);

    private NegotiatedSection? _section;
    private ExtensionMap? _extensions;
    private bool _announced;
    private (Dynacast? Publisher, VideoQualityLevel Quality) _told;
    private BackupCodec? _awaited;
    private Instant _awaitedSince;
    private bool _failed;

    public Subscription(MediaPeer subscriber, Publication publication, SendTrack sends, in SubscriptionSettings settings)
    {
        Subscriber = subscriber;
        Outgoing = subscriber.Outgoing;
        Publication = publication;
        Sends = sends;
        CanonicalName = System.Text.Encoding.ASCII.GetBytes(sends.Cname);
        Settings = settings;
    }

    public MediaPeer Subscriber { get; }

    /// <summary>The subscriber's way out. Kept here because every packet needs it, and the detour is a miss of the cache.</summary>
    public SubscriberMedia Outgoing { get; }

    public Publication Publication { get; }

    /// <summary>How the track stands in the subscriber's descriptions.</summary>
    public SendTrack Sends { get; }

    public override bool IsVideo => Publication.IsVideo;

    public override uint Source => Sends.Ssrc;

    public override uint? RepairSource => Sends.RtxSsrc;

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

    /// <summary>The negotiated section, taken over; forwarding starts when the publisher's side is negotiated too.</summary>
    public void OnNegotiated(NegotiatedSection section, ExtensionMap extensions, Instant now)
    {
        _section = section;
        _extensions = extensions;
        TryStart(now);
    }

    /// <summary>
    /// Starts forwarding when both sides are negotiated and have a codec in common, or goes on with what is negotiated now.
    /// Changes nothing when that is the same.
    /// </summary>
    public void TryStart(Instant now)
    {
        if (_section is null || _extensions is null)
        {
            return;
        }

        var negotiated = false;
        foreach (var encoding in Publication.Encodings)
        {
            if (encoding.Codec is null)
            {
                continue;
            }

            negotiated = true;
            if ((CodecNamed(encoding.Codec.Name) ?? InsideRed(encoding)) is { } codec)
            {
                Start(encoding, codec);
                if (!_announced)
                {
                    _announced = true;
                    Subscriber.Events.OnSubscribed(Publication.Sid, now);
                }

                return;
            }
        }

        if (negotiated)
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
        StopWaiting(Subscriber.Room.Now);
        if (Encoding is null)
        {
            return;
        }

        Encoding.Subscriptions.Remove(this);
        Encoding.Demand?.Remove(Subscriber.Options.Sid, Subscriber.Room.Now);
        Publication.Upstream.OnDemandChanged(Subscriber.Room.Now);
        _told = default;
        Outgoing.Remove(this);
        Encoding = null;
    }

    /// <summary>The subscription is over.</summary>
    public void End()
    {
        Stop();
        Outgoing.End(this);
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
                Subscriber.Room.Host.Counters.OnPaused();
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
            demand.SetWanted(Subscriber.Options.Sid, quality, now);
            Publication.Upstream.OnDemandChanged(now);
        }
    }

    /// <summary>Nothing of what is published can be sent: asks for a codec in which it could be, or tells the subscriber that there is none.</summary>
    private void StandBy(Instant now)
    {
        if (Publication.Backups.Find(codec => CodecNamed(codec.Name) is not null) is { } backup)
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

        _awaited.Demand.Remove(Subscriber.Options.Sid, now);
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

        var now = Subscriber.Room.Now;
        if (!Publication.TryTakeKeyFrame(Subscriber.Options.Sid, now))
        {
            Subscriber.Events.OnLimited(ClientLimit.KeyFrames, now);
            return;
        }

        layer.KeyFrames.Want();
        Publication.Upstream.OnFeedbackWanted();
    }

    private NegotiatedCodec? CodecNamed(string name) =>
        _section!.Codecs.FirstOrDefault(codec => codec.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// For clients that do not know redundant audio: the codec inside it. What is encrypted end to end may not be cut apart; its
    /// publishers are not asked for redundancy.
    /// </summary>
    private NegotiatedCodec? InsideRed(PublicationEncoding encoding) =>
        encoding.Codec!.IsRed && !Publication.Track.Encrypted ? CodecNamed(CodecPolicy.Opus) : null;

    private void Start(PublicationEncoding encoding, NegotiatedCodec codec)
    {
        _failed = false;
        RtpIdentifier.TryParse(_section!.Mid, out var mid);
        var options = new DownTrackOptions
        {
            Ssrc = new Ssrc(Sends.Ssrc),
            PayloadType = codec.PayloadType,
            RtxSsrc = Sends.RtxSsrc is { } rtx && codec.RtxPayloadType is not null ? new Ssrc(rtx) : null,
            RtxPayloadType = codec.RtxPayloadType,
            UnwrapRed = encoding.Codec!.IsRed && !codec.IsRed,
            Extensions = _extensions!,
            Mid = mid,
            RetransmissionWindow = codec.Nack || codec.RtxPayloadType is not null ? (Publication.IsVideo ? 1024 : 64) : 0,
            FirstSequence = Down?.Options.FirstSequence ?? (ushort)(Subscriber.Room.NextRandom() & 0x7FFF),
        };
        if (Down is null)
        {
            Down = new DownTrack(encoding.Incoming!, options);
        }
        else
        {
            // The same stream to the subscriber and under its key: the numbers go on.
            Down.SetSource(encoding.Incoming!, options);
        }

        if (Encoding != encoding)
        {
            Stop();
            Encoding = encoding;
            encoding.Subscriptions.Add(this);
            Outgoing.Add(this);
        }

        Update(Subscriber.Room.Now);
    }
}
