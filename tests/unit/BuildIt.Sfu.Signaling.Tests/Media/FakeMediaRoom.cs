using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.Signaling.Tests.Media;

/// <summary>Media that only remembers what it was told; tests raise its events themselves.</summary>
internal sealed class FakeMediaRoom : IMediaRoom
{
    public Dictionary<string, FakeMediaPeer> Peers { get; } = [];

    public bool Closed { get; private set; }

    public IMediaPeer AddPeer(MediaPeerOptions options, IMediaPeerEvents events, Instant now)
    {
        var peer = new FakeMediaPeer(options, events);
        Peers.Add(options.Sid.Value, peer);
        return peer;
    }

    public List<FakeRelayPeer> Relays { get; } = [];

    /// <summary>Tracks of other nodes that were ended.</summary>
    public List<string> Ended { get; } = [];

    public Dictionary<string, bool> RelayedMuted { get; } = [];

    public IRelayPeer AddRelay(RelayPeerOptions options, IRelayPeerEvents events, Instant now)
    {
        var relay = new FakeRelayPeer(options, events);
        Relays.Add(relay);
        return relay;
    }

    public void SetRelayedMuted(TrackSid track, bool muted, Instant now) => RelayedMuted[track.Value] = muted;

    public void EndRelayed(TrackSid track, Instant now)
    {
        Ended.Add(track.Value);
        foreach (var peer in Peers.Values)
        {
            peer.Subscribed.Remove(track.Value);
        }
    }

    public void Close(Instant now) => Closed = true;
}

internal sealed class FakeMediaPeer(MediaPeerOptions options, IMediaPeerEvents events) : IMediaPeer
{
    public MediaPeerOptions Options { get; } = options;

    public IMediaPeerEvents Events { get; } = events;

    public List<string> Candidates { get; } = [];

    public Dictionary<string, PublishedTrack> Published { get; } = [];

    public Dictionary<string, SubscriptionSettings> Subscribed { get; } = [];

    public Dictionary<string, bool> Muted { get; } = [];

    public List<(DataChannelKind Channel, byte[] Message)> Sent { get; } = [];

    public int IceRestarts { get; private set; }

    public bool Closed { get; private set; }

    public DataRate Limit { get; private set; } = DataRate.Infinite;

    public bool DataOpen { get; set; } = true;

    /// <summary>Called where an answer is built.</summary>
    public Action Building { get; set; } = static () => { };

    public PendingAnswer BeginOffer(RemoteDescription offer, Instant now) => new FakeAnswer(offer.Text, this);

    public NegotiationResult FinishOffer(PendingAnswer answer, Instant now)
    {
        var made = (FakeAnswer)answer;
        Assert.True(made.IsBuilt, "an answer comes into force that was not built");
        return made.Offer == "bad"
            ? NegotiationResult.Rejected("bad")
            : new NegotiationResult("answer to " + made.Offer, new Dictionary<string, string> { ["0"] = "TR_x" }, null);
    }

    public string? HandleAnswer(RemoteDescription answer, Instant now) => answer.Text == "bad" ? "bad" : null;

    public void AddRemoteCandidate(PeerTarget target, string candidate, Instant now) => Candidates.Add($"{target} {candidate}");

    public void RestartSubscriberIce(Instant now) => IceRestarts++;

    public void Publish(PublishedTrack track, Instant now) => Published[track.Sid.Value] = track;

    public void Unpublish(TrackSid track, Instant now) => Published.Remove(track.Value);

    public void SetMuted(TrackSid track, bool muted, Instant now) => Muted[track.Value] = muted;

    public void Subscribe(TrackSid track, in SubscriptionSettings settings, Instant now) => Subscribed.Add(track.Value, settings);

    public void Unsubscribe(TrackSid track, Instant now) => Assert.True(Subscribed.Remove(track.Value));

    public bool IsSubscribed(TrackSid track) => Subscribed.ContainsKey(track.Value);

    public void UpdateSubscription(TrackSid track, in SubscriptionSettings settings, Instant now) => Subscribed[track.Value] = settings;

    /// <summary>Until when the client's reliable data is not taken.</summary>
    public Instant DataHeldUntil { get; private set; } = Instant.Zero;

    public void HoldData(Instant until, Instant now) => DataHeldUntil = until;

    public bool SendData(DataChannelKind channel, ParticipantSid from, ReadOnlyMemory<byte> message, Instant now)
    {
        if (DataOpen)
        {
            Sent.Add((channel, message.ToArray()));
        }

        return DataOpen;
    }

    public void Close(Instant now) => Closed = true;

    public void LimitBandwidth(DataRate limit, Instant now) => Limit = limit;

    private sealed class FakeAnswer(string offer, FakeMediaPeer peer) : PendingAnswer
    {
        public string Offer => offer;

        public bool IsBuilt { get; private set; }

        public override void Build()
        {
            peer.Building();
            IsBuilt = true;
        }
    }
}
