using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Joins;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Tests.Media;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Signaling.Webhooks;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms;

/// <summary>A room in virtual time, with clients that are plain objects.</summary>
internal sealed class RoomFixture : IRoomObserver
{
    public static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");

    private static readonly DateTimeOffset Start = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    /// <param name="options">How the room behaves.</param>
    /// <param name="limits">What a client may ask.</param>
    /// <param name="node">Tells the sids of one node from those of another.</param>
    public RoomFixture(RoomOptions? options = null, ClientLimits? limits = null, string node = "")
    {
        Services = new NodeServices
        {
            Server = new ServerInfo { Version = "1.13.5", Protocol = 17, Region = "here", NodeId = "ND_1" },
            Tokens = new TokenSigner(Keys),
            Clock = new WallClock(Start),
            Sids = new CountingSids(node),
            Limits = limits ?? ClientLimits.Default,
        };
        Room = new RoomCore(new RoomSid("RM_1"), options ?? new RoomOptions { Name = "room" }, Services, this, () => { }, Now);
        Room.Attach(Media, Now);
    }

    public NodeServices Services { get; }

    public FakeMediaRoom Media { get; } = new();

    public RoomCore Room { get; }

    public Instant Now { get; private set; } = Instant.FromMilliseconds(1000);

    public List<RoomEvent> Events { get; } = [];

    /// <summary>Who was said to be held back, and by what.</summary>
    public List<(string Participant, ClientLimit Limit)> Notices { get; } = [];

    public RoomEndReason? EndReason { get; private set; }

    public IEnumerable<string> EventNames => Events.Select(e => WebhookEvents.Of(e).Event);

    /// <summary>Lets time pass, calling the room at each of its deadlines.</summary>
    public void Advance(TimeSpan span)
    {
        var end = Now + span;
        for (var turns = 0; Room.NextDeadline <= end; turns++)
        {
            Assert.True(turns < 10_000, "the room asks for the same moment again and again");
            Now = Instant.Max(Now, Room.NextDeadline);
            Room.HandleTimeout(Now);
        }

        Now = end;
    }

    public TestClient Connect(
        string identity,
        Func<AccessClaims, AccessClaims>? claims = null,
        Func<JoinParameters, JoinParameters>? join = null)
    {
        var client = new TestClient(this, identity);
        var result = client.Join(claims, join);
        Assert.Null(result.Error);
        return client;
    }

    /// <summary>Joins, and media connects.</summary>
    public TestClient Activate(string identity, Func<AccessClaims, AccessClaims>? claims = null, Func<JoinParameters, JoinParameters>? join = null)
    {
        var client = Connect(identity, claims, join);
        client.Peer.Events.OnReady(Now);
        return client;
    }

    public void OnEvent(RoomEvent happened) => Events.Add(happened);

    public void OnEnded(RoomEndReason reason) => EndReason = reason;

    public void OnLimited(ParticipantSid participant, ClientLimit limit) => Notices.Add((participant.Value, limit));

    private sealed class CountingSids(string node) : ISidSource
    {
        private int _count;

        public string Next(string prefix) => $"{prefix}{node}{++_count}";
    }
}

/// <summary>A client of a <see cref="RoomFixture"/>.</summary>
internal sealed class TestClient(RoomFixture fixture, string identity) : ISignalSink
{
    public string Identity { get; } = identity;

    public ParticipantSid Sid { get; private set; }

    public List<SignalResponse> Received { get; } = [];

    public bool Closed { get; private set; }

    public bool Aborted { get; private set; }

    public FakeMediaPeer Peer => fixture.Media.Peers[Sid.Value];

    public JoinResult Join(Func<AccessClaims, AccessClaims>? claims = null, Func<JoinParameters, JoinParameters>? join = null)
    {
        var token = new AccessClaims
        {
            Issuer = "devkey",
            Identity = Identity,
            Name = Identity.ToUpperInvariant(),
            Video = new VideoGrant { RoomJoin = true, Room = "room", CanUpdateOwnMetadata = true },
        };
        var parameters = new JoinParameters { SinglePeerConnection = true, Client = new ClientInfo { Protocol = 17 } };
        var attempt = new JoinAttempt("room", claims?.Invoke(token) ?? token, join?.Invoke(parameters) ?? parameters);
        var result = fixture.Room.Join(attempt, this, fixture.Now);
        Sid = result.Sid;
        if (result.State is { } state)
        {
            foreach (var slice in RequestSlices.Of(new SignalRequest { SyncState = state }))
            {
                Ask(slice);
            }
        }

        if (result.Offer is { } offer)
        {
            offer.Answer.Build();
            fixture.Room.FinishOffer(Sid, this, offer, fixture.Now);
        }

        return result;
    }

    /// <summary>A new connection that resumes this client's session.</summary>
    public TestClient Resume(Func<JoinParameters, JoinParameters>? join = null)
    {
        var next = new TestClient(fixture, Identity);
        next.Join(join: p =>
        {
            var resumed = p with { Reconnect = true, ParticipantSid = Sid.Value };
            return join?.Invoke(resumed) ?? resumed;
        });
        return next;
    }

    public void Send(OutboundSignal message)
    {
        Assert.False(Closed, "a closed connection was written to");
        Received.Add(SignalResponse.Parser.ParseFrom(message.Binary.Span));
    }

    public void Close() => Closed = true;

    public void Abort() => Aborted = true;

    public void Ask(SignalRequest request) => fixture.Room.Handle(Sid, this, request, fixture.Now);

    public void LoseSignal() => fixture.Room.SignalLost(Sid, this, fixture.Now);

    /// <summary>Takes what has been received since the last call.</summary>
    public List<SignalResponse> Take()
    {
        var all = Received.ToList();
        Received.Clear();
        return all;
    }

    public List<T> Take<T>(Func<SignalResponse, T?> select)
        where T : class => [.. Take().Select(select).OfType<T>()];

    public TrackInfo Announce(string cid = "cid", TrackType type = TrackType.Video, TrackSource source = TrackSource.Camera)
    {
        Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = cid, Type = type, Source = source } });
        return Received.Last(r => r.TrackPublished?.Cid == cid).TrackPublished.Track;
    }

    /// <summary>Announces a track and has it negotiated.</summary>
    public TrackInfo Publish(string cid = "cid", TrackType type = TrackType.Video, TrackSource source = TrackSource.Camera)
    {
        var info = Announce(cid, type, source);
        Peer.Events.OnTrackNegotiated(new TrackSid(info.Sid), cid, "1", type == TrackType.Video ? "video/VP8" : "audio/opus", fixture.Now);
        return info;
    }

    public void Data(DataPacket packet, DataChannelKind channel = DataChannelKind.Reliable) =>
        Peer.Events.OnData(channel, packet.ToByteArray(), fixture.Now);

    public List<DataPacket> TakeData()
    {
        var packets = Peer.Sent.Where(s => s.Channel != DataChannelKind.DataTrack).Select(s => DataPacket.Parser.ParseFrom(s.Message)).ToList();
        Peer.Sent.Clear();
        return packets;
    }
}
