using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Data;

/// <summary>Who may say what, and to whom.</summary>
public class DataRightsTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void A_hidden_participant_is_not_named_by_its_data()
    {
        var bob = _fixture.Activate("bob");
        var hidden = _fixture.Activate("hidden", c => c with { Video = c.Video with { Hidden = true } });
        hidden.Data(new DataPacket { User = new UserPacket { Payload = ByteString.CopyFromUtf8("boo") } });
        var packet = bob.TakeData().Single();
        Assert.Equal(("", "", "", "boo"), (packet.ParticipantIdentity, packet.User.ParticipantIdentity, packet.User.ParticipantSid, packet.User.Payload.ToStringUtf8()));
    }

    [Fact]
    public void Who_speaks_is_said_by_the_server_alone()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        alice.Data(new DataPacket { Speaker = new ActiveSpeakerUpdate() });
        Assert.Empty(bob.TakeData());
    }

    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "alice", true)]
    [InlineData("", "bob", false)]
    [InlineData("agent", "bob", true)]
    public void Only_agents_transcribe_somebody_else(string kind, string transcribed, bool passes)
    {
        var alice = _fixture.Activate("alice", c => c with { Kind = kind });
        var bob = _fixture.Activate("bob");
        alice.Data(new DataPacket { Transcription = new Transcription { TranscribedParticipantIdentity = transcribed } });
        Assert.Equal(passes, bob.TakeData().Count == 1);
    }

    [Fact]
    public void A_publisher_decides_who_receives_its_data_tracks()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol");
        alice.Ask(new SignalRequest { SubscriptionPermission = Only("bob") });
        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 1, Name = "depth" } });
        Assert.Equal((1, 0), (Handles(bob), Handles(carol)));
        alice.Ask(new SignalRequest { SubscriptionPermission = Only("carol") });
        Assert.Equal((0, 1), (Handles(bob), Handles(carol)));
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = true } });
        Assert.Equal((1, 1), (Handles(bob), Handles(carol)));

        static SubscriptionPermission Only(string identity) =>
            new() { TrackPermissions = { new TrackPermission { ParticipantIdentity = identity, AllTracks = true } } };

        static int Handles(TestClient client) =>
            client.Received.LastOrDefault(m => m.DataTrackSubscriberHandles is not null)?.DataTrackSubscriberHandles.SubHandles.Count ?? 0;
    }

    [Fact]
    public void A_publisher_that_becomes_hidden_takes_its_data_tracks_along()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = 1, Name = "depth" } });
        bob.Take();
        _fixture.Room.Moderation.UpdateParticipant(
            new UpdateParticipantRequest { Identity = "alice", Permission = new ParticipantPermission { CanPublish = true, CanPublishData = true, CanSubscribe = true, Hidden = true } },
            _fixture.Now,
            out _);
        Assert.Empty(bob.Take(m => m.DataTrackSubscriberHandles).Last().SubHandles);
    }

    [Fact]
    public void The_server_sends_nothing_that_a_data_channel_does_not_carry()
    {
        var bob = _fixture.Activate("bob");
        var limit = _fixture.Services.Limits.DataMessageBytes;
        Assert.False(_fixture.Room.Moderation.SendData(new SendDataRequest { Data = ByteString.CopyFrom(new byte[limit]) }, _fixture.Now));
        Assert.Empty(bob.TakeData());
        Assert.True(_fixture.Room.Moderation.SendData(new SendDataRequest { Data = ByteString.CopyFrom(new byte[limit - 64]) }, _fixture.Now));
        Assert.Single(bob.TakeData());
    }
}
