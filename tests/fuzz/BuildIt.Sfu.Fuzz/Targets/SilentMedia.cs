using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Media that takes everything and carries nothing, for targets about what happens above it.</summary>
internal sealed class SilentMedia : IMediaRoom
{
    public List<SilentPeer> Peers { get; } = [];

    public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        var peer = new SilentPeer(events);
        Peers.Add(peer);
        return peer;
    }

    public IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        Relay = new SilentRelay(events);
        return Relay;
    }

    /// <summary>The last link that was made.</summary>
    public SilentRelay? Relay { get; private set; }

    public void SetRelayedMuted(TrackSid track, bool muted, Instant now)
    {
    }

    public void EndRelayed(TrackSid track, Instant now)
    {
    }

    public void Close(Instant now)
    {
    }
}

/// <summary>One end of a link; keeps what the room must not let grow.</summary>
internal sealed class SilentRelay(IRelayPeerEvents events) : IRelayPeer
{
    private readonly HashSet<string> _tracks = [];

    public IRelayPeerEvents Events => events;

    public int Tracks => _tracks.Count;

    public bool IsClosed { get; private set; }

    public RelayAddress Local { get; } = new("ufrag", "password", "sha-256 00", []);

    public RelayStatistics Statistics => default;

    public TimeSpan Silence(Instant now) => TimeSpan.Zero;

    public string? Connect(RelayAddress remote, Instant now) => null;

    public void AddTrack(RelayTrack track, Instant now) => _tracks.Add(track.Track.Sid.Value);

    public bool Feeds(TrackSid track) => _tracks.Contains(track.Value);

    public void SetLayers(TrackSid track, string cid, int available, in LayerRates rates, Instant now)
    {
    }

    public void SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now)
    {
    }

    public bool Send(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now) => true;

    public void Close(Instant now) => IsClosed = true;
}

/// <summary>One peer; keeps what the room must not let grow.</summary>
internal sealed class SilentPeer(IMediaPeerEvents events) : IMediaPeer
{
    private readonly HashSet<string> _subscribed = [];

    public IMediaPeerEvents Events { get; } = events;

    public Dictionary<string, PublishedTrack> Published { get; } = [];

    public bool IsClosed { get; private set; }

    public PendingAnswer BeginOffer(RemoteDescription offer, Instant now) => new SilentAnswer(offer.Text);

    public NegotiationResult FinishOffer(PendingAnswer answer, Instant now) => ((SilentAnswer)answer).Result;

    public string? HandleAnswer(RemoteDescription answer, Instant now) => answer.Text.Length % 7 == 3 ? "refused" : null;

    public void AddRemoteCandidate(PeerTarget target, string candidate, Instant now)
    {
    }

    public void RestartSubscriberIce(Instant now)
    {
    }

    public void Publish(PublishedTrack track, Instant now) => Published[track.Sid.Value] = track;

    public void Unpublish(TrackSid track, Instant now) => Published.Remove(track.Value);

    public void SetMuted(TrackSid track, bool muted, Instant now)
    {
    }

    public void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now) =>
        Engine.Property.Holds(_subscribed.Add(track.Value), "a track is subscribed to once");

    public void Unsubscribe(TrackSid track, Instant now) =>
        Engine.Property.Holds(_subscribed.Remove(track.Value), "only what is subscribed to is given up");

    public bool IsSubscribed(TrackSid track) => _subscribed.Contains(track.Value);

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now) =>
        Engine.Property.Holds(_subscribed.Contains(track.Value), "only what is subscribed to is changed");

    public bool SendData(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now) => true;

    public void HoldData(Instant until, Instant now)
    {
    }

    public void Close(Instant now) => IsClosed = true;

    public void LimitBandwidth(DataRate limit, Instant now)
    {
    }

    private sealed class SilentAnswer(string sdp) : PendingAnswer
    {
        public NegotiationResult Result { get; private set; } = NegotiationResult.Rejected("not built");

        public override void Build() =>
            Result = sdp.Length % 7 == 3 ? NegotiationResult.Rejected("refused") : new NegotiationResult(sdp, new Dictionary<string, string>(), null);
    }
}
