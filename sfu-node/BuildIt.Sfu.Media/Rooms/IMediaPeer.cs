using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// One participant's media: its one or two peer connections, what it publishes, what it is subscribed to, its data channels.
/// Every call is made on the room's loop. Events may be raised from inside a call.
/// </summary>
public interface IMediaPeer
{
    /// <summary>
    /// Takes the client's offer (publisher or only connection). Also how the client restarts ICE. The answer is made by
    /// <see cref="PendingAnswer.Build"/>, on any thread, and comes into force by <see cref="FinishOffer"/>; of several offers in the
    /// order in which they are finished.
    /// </summary>
    PendingAnswer BeginOffer(RemoteDescription offer, Instant now);

    /// <summary>Puts an answer that was built into force.</summary>
    NegotiationResult FinishOffer(PendingAnswer answer, Instant now);

    /// <summary>Takes the client's answer to the last <see cref="IMediaPeerEvents.OnOffer"/>; null when accepted, else what is wrong.</summary>
    string? HandleAnswer(RemoteDescription answer, Instant now);

    /// <summary>A trickled candidate line (<c>candidate:…</c>); unusable ones are ignored.</summary>
    void AddRemoteCandidate(PeerTarget target, string candidate, Instant now);

    /// <summary>
    /// Dual mode: makes a new offer for the subscriber connection with new ICE credentials (raised by OnOffer). Used on resume.
    /// No effect in single mode, where the client restarts by its own offer.
    /// </summary>
    void RestartSubscriberIce(Instant now);

    /// <summary>Announces a track; media starts when an offer brings its cid. Announcing a known sid again adds its new encodings.</summary>
    void Publish(PublishedTrack track, Instant now);

    /// <summary>Ends a track; every subscription to it ends too.</summary>
    void Unpublish(TrackSid track, Instant now);

    /// <summary>Whether the publisher (or a moderator) has muted the track: nothing of it is forwarded while muted.</summary>
    void SetMuted(TrackSid track, bool muted, Instant now);

    /// <summary>Starts forwarding another peer's track to this one; renegotiates by itself.</summary>
    void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now);

    void Unsubscribe(TrackSid track, Instant now);

    /// <summary>
    /// Whether a track is subscribed to. It stays so when it cannot be sent for want of a codec in common: it may come in another codec.
    /// </summary>
    bool IsSubscribed(TrackSid track);

    void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now);

    /// <summary>
    /// Queues a message for the client. False when the channel is not open, or a reliable message is lost because the client is too
    /// slow. When reliable messages of a sender pile up here, that peer's are held back as by <see cref="HoldData"/>.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="from">The peer that sends it; default for the node itself. Senders share the client's link fairly.</param>
    /// <param name="message">The message. A reliable one is kept as it is and must not be changed any more; others are copied.</param>
    /// <param name="now">Now.</param>
    bool SendData(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now);

    /// <summary>
    /// Takes no reliable messages of the client before a moment: they wait in its own buffers, since the window that is announced to it
    /// closes. That window is the association's, so that its other messages wait too while it is closed.
    /// </summary>
    void HoldData(Instant until, Instant now);

    /// <summary>Closes all connections and ends everything published. The peer raises nothing afterwards.</summary>
    void Close(Instant now);

    /// <summary>Test hook (SimulateScenario): holds the estimate for this subscriber at or under <paramref name="limit"/>; infinite lifts it.</summary>
    void LimitBandwidth(DataRate limit, Instant now);
}

/// <summary>What happens to one peer. Raised on the room's loop; handlers must not block.</summary>
public interface IMediaPeerEvents
{
    /// <summary>Dual mode: an offer for the subscriber connection is to be sent.</summary>
    void OnOffer(string sdp, IReadOnlyDictionary<string, string> midToTrack, Instant now);

    /// <summary>Single mode: the client must add this many more receiving sections and offer again.</summary>
    void OnMediaSectionsRequired(int audio, int video, Instant now);

    void OnConnectionState(PeerTarget target, PeerConnectionState state, Instant now);

    /// <summary>
    /// The primary connection is connected and, if data was negotiated, both message channels are open: the participant is active.
    /// Raised once per connection and again after it was lost and came back.
    /// </summary>
    void OnReady(Instant now);

    /// <summary>An announced encoding was negotiated: its mid and codec ("video/VP8") are known.</summary>
    void OnTrackNegotiated(TrackSid track, string cid, string mid, string mimeType, Instant now);

    /// <summary>First media packet of a published track arrived.</summary>
    void OnTrackStarted(TrackSid track, Instant now);

    /// <summary>
    /// The client's description no longer carries a negotiated track: it stopped publishing. The track is already gone from the
    /// media; do not call <see cref="IMediaPeer.Unpublish"/> for it.
    /// </summary>
    void OnTrackEnded(TrackSid track, Instant now);

    /// <summary>A subscription is negotiated and forwards.</summary>
    void OnSubscribed(TrackSid track, Instant now);

    /// <summary>
    /// There is no such track, so that nothing is subscribed to; or nothing of it can be sent, as none of the publisher's codecs is
    /// understood, and nothing is until the publisher sends another.
    /// </summary>
    void OnSubscriptionFailed(TrackSid track, SubscriptionFailure reason, Instant now);

    /// <summary>
    /// Dynacast: which layers of a track this peer publishes somebody watches, per codec; its backup codecs too, that it may publish
    /// them when somebody can use nothing else.
    /// </summary>
    void OnWantedQualities(TrackSid track, IReadOnlyList<WantedCodec> codecs, Instant now);

    void OnStreamState(TrackSid track, TrackStreamState state, Instant now);

    /// <summary>The client went beyond a limit of media. May be raised for every packet.</summary>
    void OnLimited(ClientLimit limit, Instant now);

    /// <summary>A message from the client. The span is valid during the call only.</summary>
    void OnData(DataChannelKind channel, ReadOnlySpan<byte> message, Instant now);
}

/// <summary>
/// An offer between <see cref="IMediaPeer.BeginOffer"/> and <see cref="IMediaPeer.FinishOffer"/>. What takes time for a large one,
/// <see cref="Build"/>, touches nothing but this, so that it may run on any thread while the loop goes on with media.
/// </summary>
public abstract class PendingAnswer
{
    /// <summary>Makes the answer. Once, after it was begun and before it is finished.</summary>
    public abstract void Build();
}

/// <summary>How one participant's peer connections are set up. Fixed for the life of the peer.</summary>
public sealed record MediaPeerOptions
{
    public required ParticipantSid Sid { get; init; }

    /// <summary>True: the client offers on its only connection. False: it offers on one and the node offers on another.</summary>
    public required bool SinglePeerConnection { get; init; }

    /// <summary>True when the node only answers connectivity checks; false makes it a full ICE agent.</summary>
    public bool IceLite { get; init; }

    /// <summary>Whether the node may pause video that the subscriber's link cannot carry.</summary>
    public bool AllowPause { get; init; } = true;

    /// <summary>Whether sections of ended subscriptions may be reused for new ones (protocol above 3, not Safari).</summary>
    public bool ReuseTransceivers { get; init; } = true;

    /// <summary>Whether the subscriber side understands RED (RFC 2198); otherwise only Opus is offered.</summary>
    public bool SupportsRed { get; init; } = true;

    /// <summary>Lower-case names of codecs the client must not be offered ("av1").</summary>
    public IReadOnlyList<string> DisabledCodecs { get; init; } = [];
}

/// <summary>What a subscriber wants of one track (UpdateTrackSettings of the protocol).</summary>
public readonly record struct SubscriptionSettings
{
    public SubscriptionSettings()
    {
    }

    /// <summary>True pauses forwarding: the tile is hidden.</summary>
    public bool Disabled { get; init; }

    /// <summary>Highest quality wanted when no size is given.</summary>
    public VideoQualityLevel Quality { get; init; } = VideoQualityLevel.High;

    /// <summary>Size of the tile in pixels; 0 when the client does not adapt by size.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>Larger is more important when the link cannot carry everything; 0 is the default.</summary>
    public int Priority { get; init; }
}

/// <summary>Result of taking a remote description.</summary>
/// <param name="Sdp">The answer to send; empty when there is an error or none is due.</param>
/// <param name="MidToTrack">
/// For every section on which the node sends: mid to track sid. Always complete, because clients replace their map by it.
/// </param>
/// <param name="Error">What is wrong with the remote description, in words; null when it was accepted.</param>
public sealed record NegotiationResult(string Sdp, IReadOnlyDictionary<string, string> MidToTrack, string? Error)
{
    public static NegotiationResult Rejected(string error) => new("", new Dictionary<string, string>(), error);
}

/// <summary>Why a subscription could not be made; the values are those of the wire protocol.</summary>
public enum SubscriptionFailure : byte
{
    Unknown = 0,
    CodecUnsupported = 1,
    TrackNotFound = 2,
}

/// <summary>Highest quality of one codec that somebody watches; <see cref="VideoQualityLevel.Off"/> when nobody does.</summary>
public readonly record struct WantedCodec(string Codec, VideoQualityLevel Highest);
