using System.Buffers.Binary;
using System.Text;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Signaling.Webhooks;
using Google.Protobuf;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// Signal messages and data packets of a hostile member of a room, in whose company another one is. An input is a list of steps:
/// what it is, 16-bit length, bytes.
/// </summary>
internal sealed class SignalTarget : IFuzzTarget
{
    private const int MaxSteps = 16;
    private const byte Request = 0;
    private const byte Json = 1;
    private const byte Data = 2;
    private const byte Negotiated = 3;
    private const byte Time = 4;
    private const byte OthersRequest = 5;
    private const byte Kinds = 6;

    private static readonly ClientLimits Limits = new() { Tracks = 6, PendingTracks = 4, DataTracks = 4, Subscriptions = 50, SubscriptionPermissions = 20, ReplayBytes = 4096 };

    private static readonly TokenSigner Tokens = new(ApiKeys.Single("devkey", "secret"));

    private static readonly AddTrackRequest Camera = new() { Cid = "cid", Type = TrackType.Video, Source = TrackSource.Camera, Layers = { new VideoLayer { Width = 320 } } };

    public string Name => "signal";

    public int MaxLength => 512;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var publish = Step(Request, new SignalRequest { AddTrack = Camera });
            byte[] published = [.. publish, .. Step(Negotiated, [])];
            yield return published;
            yield return [.. published, .. Step(Time, [200])];
            foreach (var request in Requests())
            {
                yield return [.. published, .. Step(Request, request)];
                yield return Step(OthersRequest, request);
                yield return Step(Json, Encoding.UTF8.GetBytes(WireCodec.Format(request)));
            }

            foreach (var packet in Packets())
            {
                yield return Step(Data, [0, .. packet.ToByteArray()]);
                yield return Step(Data, [1, .. packet.ToByteArray()]);
            }
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
        ["TR_VC1"u8.ToArray(), "PA_1"u8.ToArray(), "PA_2"u8.ToArray(), "cid"u8.ToArray(), "alice"u8.ToArray(), "bob"u8.ToArray(), "{\"candidate\":\""u8.ToArray(), [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0, 0, 8], [4, 0, 1, 255], "\\ud800"u8.ToArray()];

    public void Run(ReadOnlySpan<byte> input)
    {
        var scene = new Scene();
        for (var step = 0; step < MaxSteps && input.Length >= 3; step++)
        {
            var kind = (byte)(input[0] % Kinds);
            int length = BinaryPrimitives.ReadUInt16BigEndian(input[1..]);
            var body = input[3..Math.Min(input.Length, 3 + length)];
            input = input[(3 + body.Length)..];
            scene.Play(kind, body);
        }

        scene.Check();
    }

    private static byte[] Step(byte kind, ReadOnlySpan<byte> body) => [kind, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static byte[] Step(byte kind, SignalRequest request) => Step(kind, request.ToByteArray());

    private static IEnumerable<SignalRequest> Requests() =>
        [
            new() { Offer = new SessionDescription { Type = "offer", Sdp = "v=0", Id = 3 } },
            new() { Answer = new SessionDescription { Type = "answer", Sdp = "v=0" } },
            new() { Answer = new SessionDescription { Type = "answer", Sdp = "bad" } },
            new() { Trickle = new TrickleRequest { CandidateInit = "{\"candidate\":\"candidate:1 1 udp 1 192.0.2.1 9 typ host\",\"sdpMid\":\"0\"}", Target = Signaling.Protocol.SignalTarget.Subscriber } },
            new() { AddTrack = new AddTrackRequest { Cid = "mic", Type = TrackType.Audio, Source = TrackSource.Microphone, Muted = true } },
            new() { Mute = new MuteTrackRequest { Sid = "TR_VC1", Muted = true } },
            new() { Subscription = new UpdateSubscription { TrackSids = { "TR_VC1" }, Subscribe = true, ParticipantTracks = { new ParticipantTracks { ParticipantSid = "PA_1", TrackSids = { "TR_VC1" } } } } },
            new() { TrackSetting = new UpdateTrackSettings { TrackSids = { "TR_VC1" }, Width = 320, Height = 180, Quality = VideoQuality.Low } },
            new() { Leave = new LeaveRequest { Reason = DisconnectReason.ClientInitiated } },
            new() { SubscriptionPermission = new SubscriptionPermission { TrackPermissions = { new TrackPermission { ParticipantIdentity = "bob", TrackSids = { "TR_VC1" } } } } },
            new() { SyncState = new SyncState { Subscription = new UpdateSubscription { TrackSids = { "TR_VC1" } }, PublishTracks = { new TrackPublishedResponse { Cid = "cid" } } } },
            new() { Simulate = new SimulateScenario { SpeakerUpdate = 3 } },
            new() { Simulate = new SimulateScenario { NodeFailure = true } },
            new() { Ping = 7 },
            new() { PingReq = new Ping { Timestamp = 7, Rtt = 9 } },
            new() { UpdateMetadata = new UpdateParticipantMetadata { Metadata = "m", Name = "n", Attributes = { ["k"] = "v" }, RequestId = 4 } },
            new() { UpdateAudioTrack = new UpdateLocalAudioTrack { TrackSid = "TR_VC1" } },
            new() { UpdateVideoTrack = new UpdateLocalVideoTrack { TrackSid = "TR_VC1", Width = 4, Height = 4 } },
            new() { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 1, Name = "d" } },
            new() { UnpublishDataTrackRequest = new UnpublishDataTrackRequest { PubHandle = 1 } },
            new() { UpdateDataSubscription = new UpdateDataSubscription() },
        ];

    private static IEnumerable<DataPacket> Packets() =>
        [
            new() { User = new UserPacket { Payload = ByteString.CopyFromUtf8("hello"), Topic = "t" }, DestinationIdentities = { "bob" } },
            new() { RpcRequest = new RpcRequest { Id = "1", Method = "m", Payload = "p", ResponseTimeoutMs = 1000 }, DestinationIdentities = { "bob" } },
            new() { RpcResponse = new RpcResponse { RequestId = "1", Payload = "p" }, DestinationIdentities = { "bob" } },
            new() { ChatMessage = new ChatMessage { Id = "1", Message = "hi" }, Sequence = 4, ParticipantSid = "PA_2" },
        ];

    /// <summary>Two members in a room, in virtual time.</summary>
    private sealed class Scene : IRoomObserver, ISidSource
    {
        private readonly SilentMedia _media = new();
        private readonly RoomCore _room;
        private readonly Member _hostile;
        private readonly Member _other;
        private Instant _now = Instant.FromMilliseconds(1000);
        private int _sids;
        private bool _ended;

        public Scene()
        {
            var services = new NodeServices
            {
                Server = new ServerInfo { Protocol = 17 },
                Tokens = Tokens,
                Clock = new WallClock(DateTimeOffset.UnixEpoch.AddYears(56)),
                Sids = this,
                Limits = Limits,
            };
            _room = new RoomCore(new RoomSid("RM_1"), new RoomOptions { Name = "room" }, services, this, () => { }, _now);
            _room.Attach(_media, _now);
            _hostile = Join("alice");
            _other = Join("bob");
        }

        public string Next(string prefix) => $"{prefix}{++_sids}";

        public void OnEvent(RoomEvent happened)
        {
            Property.Holds(!_ended, "nothing happens in a room that has ended");
            _ = WebhookEvents.Of(happened).CalculateSize();
        }

        public void OnEnded(RoomEndReason reason)
        {
            Property.Holds(!_ended, "a room ends once");
            _ended = true;
        }

        public void Play(byte kind, ReadOnlySpan<byte> body)
        {
            SignalRequest? request;
            switch (kind)
            {
                case Request when WireCodec.TryParse(body, SignalRequest.Parser, out request):
                    Ask(_hostile, request);
                    break;
                case OthersRequest when WireCodec.TryParse(body, SignalRequest.Parser, out request):
                    Ask(_other, request);
                    break;
                case Json when WireCodec.TryParseJson(Encoding.UTF8.GetString(body), out request):
                    Ask(_hostile, request);
                    break;
                case Data when body.Length > 1 && !_hostile.Peer.IsClosed:
                    _hostile.Peer.Events.OnData((DataChannelKind)(body[0] % 3), body[1..], _now);
                    break;
                case Negotiated when !_hostile.Peer.IsClosed:
                    foreach (var track in _hostile.Peer.Published.Values.ToArray())
                    {
                        _hostile.Peer.Events.OnTrackNegotiated(track.Sid, "cid", "1", "video/VP8", _now);
                    }

                    break;
                case Time:
                    Advance(TimeSpan.FromMilliseconds(body.IsEmpty ? 1 : body[0] * 100));
                    break;
            }
        }

        public void Check()
        {
            var info = _room.Info();
            Property.Holds(info.NumParticipants <= 2, "nobody is made up");
            Property.Holds(_hostile.Peer.Published.Count <= Limits.Tracks + Limits.PendingTracks, "tracks are limited");
            Property.Holds(_room.State.Tracks.Media.Count <= 2 * (Limits.Tracks + Limits.PendingTracks), "tracks of the room are limited");
        }

        private void Ask(Member member, SignalRequest request)
        {
            _hostile.Sent = _other.Sent = 0;
            _room.Handle(member.Sid, member, request, _now);
            Property.Holds(_hostile.Sent <= 100 && _other.Sent <= 100, "one request does not bring a hundred messages");
        }

        private void Advance(TimeSpan span)
        {
            var end = _now + span;
            for (var turns = 0; _room.NextDeadline <= end; turns++)
            {
                Property.Holds(turns < 10_000, "the room does not ask for the same moment again and again");
                _now = Instant.Max(_now, _room.NextDeadline);
                _room.HandleTimeout(_now);
            }

            _now = end;
        }

        private Member Join(string identity)
        {
            var member = new Member();
            var claims = new AccessClaims
            {
                Issuer = "devkey",
                Identity = identity,
                Video = new VideoGrant { RoomJoin = true, Room = "room", CanUpdateOwnMetadata = true },
            };
            var parameters = new JoinParameters { SinglePeerConnection = true, Client = new ClientInfo { Protocol = 17 } };
            var result = _room.Join(new JoinAttempt("room", claims, parameters), member, _now);
            member.Sid = result.Sid;
            member.Peer = _media.Peers[^1];
            member.Peer.Events.OnReady(_now);
            return member;
        }
    }

    private sealed class Member : ISignalSink
    {
        private bool _closed;

        public ParticipantSid Sid { get; set; }

        public SilentPeer Peer { get; set; } = null!;

        public int Sent { get; set; }

        public void Send(OutboundSignal message)
        {
            Property.Holds(!_closed, "a closed connection is not written to");
            Sent++;
            Property.Holds(WireCodec.TryParse(message.Binary.Span, SignalResponse.Parser, out _), "what is sent parses");
        }

        public void Close() => _closed = true;

        public void Abort()
        {
        }
    }
}
