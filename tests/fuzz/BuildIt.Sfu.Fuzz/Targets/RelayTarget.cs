using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.Signaling.Webhooks;
using Google.Protobuf;
using RoomState = BuildIt.Sfu.Signaling.Protocol.Relay.RoomState;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// What another node says over a link, by a node that lies or is broken: messages of a byte for the channel and one for the length,
/// one after the other. Whoever is connected here stays as they are, and nothing grows beyond what the limits allow.
/// </summary>
internal sealed class RelayTarget : IFuzzTarget
{
    private static readonly TokenSigner Tokens = new(ApiKeys.Single("devkey", "secret"));

    public string Name => "relay";

    public int MaxLength => 1200;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var far = new ParticipantInfo { Sid = "PA_far", Identity = "far", JoinedAtMs = 5, Tracks = { new TrackInfo { Sid = "TR_1", Type = TrackType.Video } } };
            RelayMessage[] all =
            [
                new() { Room = new RoomState { CreatedAtMs = 1, Metadata = "m", Version = 1 } },
                new() { Member = new MemberChanged { Info = far, Node = "b", Version = 1, AtOnce = true } },
                new() { Track = new TrackStreams { TrackSid = "TR_1", ParticipantSid = "PA_far", Info = new TrackInfo { Sid = "TR_1" }, Announced = { new AnnouncedEncoding { Cid = "c", Codec = "vp8" } }, Encodings = { new Signaling.Protocol.Relay.Encoding { Cid = "c", Codecs = { new EncodingCodec { Name = "VP8", ClockRate = 90000 } }, Streams = { new Signaling.Protocol.Relay.Stream { Layer = -1, Source = 1 } } } } } },
                new() { Layers = new TrackLayers { TrackSid = "TR_1", Cid = "c", Available = 7, Rates = { 1, 2, 3 } } },
                new() { Demand = new TrackDemand { TrackSid = "TR_here", Codecs = { new CodecDemand { Codec = "vp8", Layers = 5, Watchers = { 1, 2 } } } } },
                new() { Data = new Data { From = "PA_far", Packet = new DataPacket { ParticipantIdentity = "far", User = new UserPacket() }.ToByteString() } },
                new() { Data = new Data { Id = 4, Packet = new DataPacket { User = new UserPacket() }.ToByteString() } },
                new() { DataTrackDemand = new DataTrackDemand { TrackSid = "DTR_1", Wanted = true } },
                new() { Quality = new MemberQuality { Sid = "PA_far", Score = 2 } },
                new() { SimulatedSpeaker = new SimulatedSpeaker { Sid = "PA_far", Speaks = true } },
                new() { Refresh = new Refresh { Id = 9 } },
                new() { Probe = new Probe { Number = 1 } },
                new() { Revocation = new Revocation { Identity = "nobody", NotBeforeMs = 1 } },
                new() { MemberGone = new MemberGone { Sid = "PA_far" } },
                new() { SnapshotEnd = new SnapshotEnd() },
                new() { Member = new MemberChanged { Info = new ParticipantInfo { Sid = "PA_far", Identity = "other", JoinedAtMs = 6 }, Version = 9 } },
                new() { Member = new MemberChanged { Info = new ParticipantInfo { Sid = "PA_2", Identity = "far", JoinedAtMs = 7 }, Version = 1, Replaces = { "PA_far" } } },
                new() { Member = new MemberChanged { Info = new ParticipantInfo { Sid = "PA_3", Identity = "alice", JoinedAtMs = 7 }, Version = 1, Replaces = { "PA_1" } } },
            ];
            yield return [.. all.SelectMany(Frame)];
            foreach (var one in all)
            {
                yield return [.. Frame(one)];
            }
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. new[] { "PA_1", "PA_far", "TR_1", "alice", "far", "vp8", "DTR_1" }.Select(System.Text.Encoding.ASCII.GetBytes)];

    public void Run(ReadOnlySpan<byte> input)
    {
        var scene = new Scene();
        for (var messages = 0; input.Length > 2 && messages < 64; messages++)
        {
            var length = Math.Min(input[1] | (input[0] & 0x70) << 4, input.Length - 2);
            scene.Hear((DataChannelKind)(input[0] % 3), input.Slice(2, length));
            input = input[(2 + length)..];
        }

        scene.Check();
    }

    private static IEnumerable<byte> Frame(RelayMessage message)
    {
        var bytes = message.ToByteArray();
        return [(byte)(bytes.Length >> 4 & 0x70), (byte)bytes.Length, .. bytes];
    }

    /// <summary>Somebody in a room with one link, in virtual time.</summary>
    private sealed class Scene : IRoomObserver, ISidSource, ISignalSink
    {
        private readonly SilentMedia _media = new();
        private readonly RoomCore _room;
        private readonly string _here;
        private Instant _now = Instant.FromMilliseconds(1000);
        private int _sids;

        public Scene()
        {
            var services = new NodeServices
            {
                Server = new ServerInfo { Protocol = 17 },
                Tokens = Tokens,
                Clock = new WallClock(DateTimeOffset.UnixEpoch.AddYears(56)),
                Sids = this,
            };
            _room = new RoomCore(new RoomSid("RM_1"), new RoomOptions { Name = "room", IsEdge = true, NodeName = "a" }, services, this, () => { }, _now);
            _room.Attach(_media, _now);
            var claims = new AccessClaims { Issuer = "devkey", Identity = "alice", Video = new VideoGrant { RoomJoin = true, Room = "room" } };
            _here = _room.Join(new JoinAttempt("room", claims, new JoinParameters { SinglePeerConnection = true, Client = new ClientInfo { Protocol = 17 } }), this, _now).Sid.Value;
            _room.OpenLink(new RoomLinkOptions("b", IsChild: true), static (_, _) => { }, _now);
            _media.Relay!.Events.OnUp(_now);
        }

        public string Next(string prefix) => $"{prefix}{++_sids}";

        public void Hear(DataChannelKind channel, ReadOnlySpan<byte> message)
        {
            _now += TimeSpan.FromMilliseconds(100);
            if (!_media.Relay!.IsClosed)
            {
                _media.Relay.Events.OnMessage(channel, message, _now);
            }

            if (_room.NextDeadline <= _now)
            {
                _room.HandleTimeout(_now);
            }
        }

        public void Check()
        {
            // Another node may take over the identity of somebody who is here, by a session that says so; else nobody changes.
            var here = _room.FindParticipant("alice");
            Property.Holds(here is null || here.Sid != _here || here.Name.Length == 0, "nobody else says anything of who is here");
            Property.Holds(_room.ListParticipants().Select(p => p.Identity).Distinct(StringComparer.Ordinal).Count() == _room.ListParticipants().Count, "an identity is there once");
            Property.Holds(_media.Relay!.Tracks <= 4096, "tracks are bounded");
            _ = _room.Info().CalculateSize();
        }

        public void OnEvent(RoomEvent happened) => _ = WebhookEvents.Of(happened).CalculateSize();

        public void OnEnded(RoomEndReason reason) => Property.Holds(false, "another node does not end the room");

        public void Send(OutboundSignal message) => _ = message.Binary.Length;

        public void Close()
        {
        }

        public void Abort()
        {
        }
    }
}
