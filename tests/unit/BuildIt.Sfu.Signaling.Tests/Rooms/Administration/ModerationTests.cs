using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Administration;
using BuildIt.Sfu.Signaling.Rooms.News;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Administration;

public class ModerationTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Own_metadata_is_answered_by_request_id()
    {
        var bob = _fixture.Activate("bob");
        var alice = _fixture.Activate("alice");
        _fixture.Advance(TimeSpan.FromSeconds(10));
        alice.Take();
        bob.Take();
        alice.Ask(new SignalRequest
        {
            UpdateMetadata = new UpdateParticipantMetadata { RequestId = 5, Name = "Al", Metadata = "m", Attributes = { ["a"] = "1", ["b"] = "2" } },
        });
        alice.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { RequestId = 6, Attributes = { ["a"] = "" } } });
        Assert.Equal([(5u, Reason.Ok), (6u, Reason.Ok)], alice.Take(r => r.RequestResponse).Select(r => (r.RequestId, r.Reason)));
        _fixture.Advance(ParticipantNews.BatchInterval);
        var shown = bob.Take(r => r.Update).Last().Participants.Single();
        Assert.Equal(("Al", "m"), (shown.Name, shown.Metadata));
        Assert.Equal(["b"], shown.Attributes.Keys);
    }

    [Fact]
    public void Metadata_needs_permission_and_has_limits()
    {
        var guest = _fixture.Activate("guest", c => c with { Video = c.Video with { CanUpdateOwnMetadata = false } });
        guest.Take();
        guest.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { RequestId = 1, Name = "x" } });
        Assert.Equal(Reason.NotAllowed, guest.Take(r => r.RequestResponse).Single().Reason);

        var alice = _fixture.Activate("alice");
        foreach (var request in new[]
        {
            new UpdateParticipantMetadata { Name = new string('n', JoinLimits.MaxName + 1) },
            new UpdateParticipantMetadata { Metadata = new string('m', JoinLimits.MaxMetadata + 1) },
            new UpdateParticipantMetadata { Attributes = { ["a"] = new string('a', JoinLimits.MaxAttributes) } },
        })
        {
            alice.Take();
            alice.Ask(new SignalRequest { UpdateMetadata = request });
            Assert.Equal(Reason.LimitExceeded, alice.Take(r => r.RequestResponse).Single().Reason);
        }

        for (var i = 0; i < 30; i++)
        {
            alice.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Name = $"{i}" } });
        }

        Assert.InRange(alice.Take(r => r.RequestResponse).Count(r => r.Reason == Reason.Ok), 5, 10);
    }

    [Fact]
    public void Older_clients_are_not_told_of_success()
    {
        var old = _fixture.Activate("old", join: p => p with { Client = new ClientInfo { Protocol = 13 } });
        old.Take();
        old.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Name = "x" } });
        Assert.Empty(old.Take(r => r.RequestResponse));
    }

    [Fact]
    public void Moderators_mute_but_do_not_unmute()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        alice.Take();
        Assert.Equal(ModerationError.None, _fixture.Room.Moderation.MuteTrack("alice", track.Sid, true, _fixture.Now, out var info));
        Assert.True(info!.Muted);
        Assert.True(alice.Take(r => r.Mute).Single().Muted);
        Assert.Equal(ModerationError.RemoteUnmuteDisabled, _fixture.Room.Moderation.MuteTrack("alice", track.Sid, false, _fixture.Now, out _));
        Assert.Equal(ModerationError.TrackNotFound, _fixture.Room.Moderation.MuteTrack("alice", "TR_x", true, _fixture.Now, out _));
        Assert.Equal(ModerationError.ParticipantNotFound, _fixture.Room.Moderation.MuteTrack("x", track.Sid, true, _fixture.Now, out _));
    }

    [Fact]
    public void Removed_participant_is_told_why()
    {
        var alice = _fixture.Activate("alice");
        Assert.Equal(ModerationError.None, _fixture.Room.Moderation.RemoveParticipant("alice", _fixture.Now));
        Assert.Equal(DisconnectReason.ParticipantRemoved, alice.Take(r => r.Leave).Single().Reason);
        Assert.Equal(ModerationError.ParticipantNotFound, _fixture.Room.Moderation.RemoveParticipant("alice", _fixture.Now));
    }

    [Fact]
    public void Room_metadata_reaches_everybody_at_once()
    {
        var alice = _fixture.Activate("alice");
        alice.Take();
        Assert.True(_fixture.Room.Moderation.TrySetMetadata("new", _fixture.Now));
        Assert.Equal("new", alice.Take(r => r.RoomUpdate).Single().Room.Metadata);
        Assert.False(_fixture.Room.Moderation.TrySetMetadata(new string('x', JoinLimits.MaxMetadata + 1), _fixture.Now));
    }

    /// <summary>Whatever clients ask, in whatever order, the room stays sound and answers within its limits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_requests_keep_the_room_sound(int seed)
    {
        var random = new Random(seed);
        var clients = Enumerable.Range(0, 4).Select(i => _fixture.Activate($"p{i}")).ToList();
        var fields = SignalRequest.Descriptor.Fields.InDeclarationOrder().Select(f => f.FieldNumber).ToArray();
        for (var i = 0; i < 3000; i++)
        {
            var client = clients[random.Next(clients.Count)];
            if (client.Closed || !_fixture.Room.ListParticipants().Any(p => p.Sid == client.Sid.Value))
            {
                clients[clients.IndexOf(client)] = _fixture.Activate(client.Identity);
                continue;
            }

            var bytes = new byte[random.Next(2, 24)];
            random.NextBytes(bytes);
            bytes[0] = (byte)((fields[random.Next(fields.Length)] << 3) | 2);
            bytes[1] = (byte)(bytes.Length - 2);
            if (WireCodec.TryParse(bytes, SignalRequest.Parser, out var request))
            {
                client.Ask(request);
            }

            _fixture.Advance(TimeSpan.FromMilliseconds(random.Next(500)));
            client.Take();
        }

        Assert.InRange(_fixture.Room.Figures.ParticipantCount, 0, 4);
        Assert.All(_fixture.Room.ListParticipants(), p => Assert.NotEqual(ParticipantInfo.Types.State.Disconnected, p.State));
    }
}
