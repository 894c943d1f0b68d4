using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Administration;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using Google.Protobuf;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Data;

public class DataTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Sender_is_stamped_and_kind_follows_the_channel()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        alice.Data(new DataPacket
        {
            ParticipantIdentity = "mallory",
            ParticipantSid = "PA_m",
            User = new UserPacket { Payload = ByteString.CopyFromUtf8("hi"), ParticipantIdentity = "mallory" },
        }, DataChannelKind.Lossy);
        var packet = bob.TakeData().Single();
        Assert.Equal(("alice", alice.Sid.Value, "alice", "hi"), (packet.ParticipantIdentity, packet.ParticipantSid, packet.User.ParticipantIdentity, packet.User.Payload.ToStringUtf8()));
        Assert.Equal(DataPacket.Types.Kind.Lossy, packet.Kind);
        Assert.Empty(alice.TakeData());
    }

    [Fact]
    public void Destinations_are_honoured()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol");
        alice.Data(new DataPacket { DestinationIdentities = { "bob" }, RpcRequest = new RpcRequest { Id = "1" } });
        alice.Data(new DataPacket { User = new UserPacket { DestinationSids = { carol.Sid.Value } } });
        alice.Data(new DataPacket { User = new UserPacket { DestinationIdentities = { "nobody" } } });
        Assert.NotNull(bob.TakeData().Single().RpcRequest);
        Assert.NotNull(carol.TakeData().Single().User);
    }

    [Fact]
    public void Repeated_sequences_are_dropped_and_others_kept()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        foreach (var sequence in new uint[] { 1, 2, 2, 1, 3, 0, 0 })
        {
            alice.Data(new DataPacket { Sequence = sequence, User = new UserPacket() });
        }

        Assert.Equal([1u, 2u, 3u, 0u, 0u], bob.TakeData().Select(p => p.Sequence));
    }

    [Fact]
    public void Encrypted_payloads_pass_unchanged()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var sealedPacket = new EncryptedPacket { EncryptedValue = ByteString.CopyFrom(1, 2, 3), Iv = ByteString.CopyFrom(9), KeyIndex = 4 };
        alice.Data(new DataPacket { EncryptedPacket = sealedPacket });
        Assert.Equal(sealedPacket, bob.TakeData().Single().EncryptedPacket);
    }

    [Fact]
    public void Permission_size_rate_and_junk_are_checked()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { DataMessagesPerSecond = 10 });
        var bob = fixture.Activate("bob");
        var mute = fixture.Activate("mute", c => c with { Video = c.Video with { CanPublishData = false } });
        mute.Data(new DataPacket { User = new UserPacket() });
        var alice = fixture.Activate("alice");
        alice.Peer.Events.OnData(DataChannelKind.Reliable, [0xff, 0xff], fixture.Now);
        alice.Peer.Events.OnData(DataChannelKind.Reliable, new byte[70_000], fixture.Now);
        Assert.Empty(bob.TakeData());
        for (var i = 0; i < 50; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket() });
        }

        Assert.InRange(bob.TakeData().Count, 8, 10);
    }

    [Fact]
    public void Replay_is_bounded_in_size_and_age()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { ReplayBytes = 1000 });
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        for (uint i = 1; i <= 20; i++)
        {
            alice.Data(new DataPacket { Sequence = i, User = new UserPacket { Payload = ByteString.CopyFrom(new byte[100]) } });
        }

        bob.TakeData();
        var state = new SyncState { DatachannelReceiveStates = { new DataChannelReceiveState { PublisherSid = alice.Sid.Value } } };
        bob.Ask(new SignalRequest { SyncState = state });
        var replayed = bob.TakeData();
        Assert.InRange(replayed.Count, 5, 9);
        Assert.Equal(20u, replayed[^1].Sequence);
        fixture.Advance(TimeSpan.FromSeconds(3));
        bob.Ask(new SignalRequest { SyncState = state });
        Assert.Empty(bob.TakeData());
    }

    [Fact]
    public void Server_sends_once_per_nonce()
    {
        var bob = _fixture.Activate("bob");
        var request = new SendDataRequest { Data = ByteString.CopyFromUtf8("x"), Topic = "t", Nonce = ByteString.CopyFrom(new byte[16]) };
        _fixture.Room.Moderation.SendData(request, _fixture.Now);
        _fixture.Room.Moderation.SendData(request, _fixture.Now);
        var packet = bob.TakeData().Single();
        Assert.Equal(("x", "t"), (packet.User.Payload.ToStringUtf8(), packet.User.Topic));
    }

    [Fact]
    public void Calls_by_the_server_are_answered_or_time_out()
    {
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol");
        var outcomes = new List<RpcOutcome>();
        void Call(uint timeout = 1000) =>
            _fixture.Room.Moderation.PerformRpc(new PerformRpcRequest { DestinationIdentity = "bob", Method = "m", Payload = "p", ResponseTimeoutMs = timeout }, outcomes.Add, _fixture.Now);

        Call();
        var request = bob.TakeData().Single().RpcRequest;
        Assert.Equal(("m", "p", 1000u, 1u), (request.Method, request.Payload, request.ResponseTimeoutMs, request.Version));
        carol.Data(new DataPacket { RpcResponse = new RpcResponse { RequestId = request.Id, Payload = "forged" } });
        Assert.Empty(outcomes);
        bob.Data(new DataPacket { RpcAck = new RpcAck { RequestId = request.Id } });
        bob.Data(new DataPacket { RpcResponse = new RpcResponse { RequestId = request.Id, Payload = "done" } });
        Assert.Equal("done", outcomes.Single().Payload);
        Assert.DoesNotContain(carol.TakeData(), p => p.RpcAck is not null || p.RpcResponse?.Payload == "done");

        Call();
        _fixture.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RpcOutcome.ResponseTimeout, outcomes[1].Error!.Code);
        Call();
        bob.Ask(new SignalRequest { Leave = new LeaveRequest() });
        Assert.Equal(RpcOutcome.RecipientDisconnected, outcomes[2].Error!.Code);
        Assert.Equal(ModerationError.ParticipantNotFound, _fixture.Room.Moderation.PerformRpc(new PerformRpcRequest { DestinationIdentity = "bob" }, outcomes.Add, _fixture.Now));
    }

    [Fact]
    public void Data_tracks_reach_subscribers_under_their_own_handles()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol", join: p => p with { AutoSubscribeDataTracks = false });
        alice.Take();
        bob.Take();
        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 77, Name = "depth" } });
        var info = alice.Take(r => r.PublishDataTrackResponse).Single().Info;
        Assert.StartsWith("DTR_", info.Sid, StringComparison.Ordinal);
        var messages = bob.Take();
        Assert.Equal("depth", messages.Single(m => m.Update is not null).Update.Participants.Single().DataTracks.Single().Name);
        var (handle, published) = messages.Single(m => m.DataTrackSubscriberHandles is not null).DataTrackSubscriberHandles.SubHandles.Single();
        Assert.Equal(("alice", info.Sid), (published.PublisherIdentity, published.TrackSid));

        var packet = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), 77);
        packet[15] = 42;
        alice.Peer.Events.OnData(DataChannelKind.DataTrack, packet, _fixture.Now);
        alice.Peer.Events.OnData(DataChannelKind.DataTrack, packet.AsSpan(0, 11), _fixture.Now);
        var received = bob.Peer.Sent.Single();
        Assert.Equal(DataChannelKind.DataTrack, received.Channel);
        Assert.Equal(handle, BinaryPrimitives.ReadUInt16BigEndian(received.Message.AsSpan(2)));
        BinaryPrimitives.WriteUInt16BigEndian(received.Message.AsSpan(2), 77);
        Assert.Equal(packet, received.Message);
        Assert.Empty(carol.Peer.Sent);

        carol.Ask(new SignalRequest { UpdateDataSubscription = new UpdateDataSubscription { Updates = { new UpdateDataSubscription.Types.Update { TrackSid = info.Sid, Subscribe = true } } } });
        alice.Peer.Events.OnData(DataChannelKind.DataTrack, packet, _fixture.Now);
        Assert.Single(carol.Peer.Sent);

        alice.Ask(new SignalRequest { UnpublishDataTrackRequest = new UnpublishDataTrackRequest { PubHandle = 77 } });
        Assert.Equal(info.Sid, alice.Take(r => r.UnpublishDataTrackResponse).Single().Info.Sid);
        Assert.Empty(bob.Take(r => r.DataTrackSubscriberHandles).Single().SubHandles);
    }

    [Theory]
    [InlineData(0u, "n", Reason.InvalidHandle)]
    [InlineData(65536u, "n", Reason.InvalidHandle)]
    [InlineData(2u, "", Reason.InvalidName)]
    [InlineData(1u, "n", Reason.DuplicateHandle)]
    [InlineData(2u, "taken", Reason.DuplicateName)]
    public void Wrong_data_tracks_are_refused(uint handle, string name, Reason reason)
    {
        var alice = _fixture.Activate("alice");
        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 1, Name = "taken" } });
        alice.Take();
        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = handle, Name = name } });
        var response = alice.Take(r => r.RequestResponse).Single();
        Assert.Equal((reason, handle), (response.Reason, response.PublishDataTrack.PubHandle));
    }
}
