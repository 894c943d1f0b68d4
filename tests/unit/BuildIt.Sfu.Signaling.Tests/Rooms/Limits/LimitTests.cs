using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.News;
using Google.Protobuf;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Limits;

/// <summary>What one client may ask of a room: beyond it is refused with a reason or left out, counted, and told to the operator.</summary>
public class LimitTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Changes_in_quick_succession_are_told_in_batches()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var track = alice.Publish();
        bob.Take();
        for (var i = 1; i <= 1_001; i++)
        {
            alice.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = track.Sid, Muted = i % 2 == 1 } });
        }

        // The first batch after a quiet time goes at once as well.
        Assert.InRange(bob.Take(r => r.Update).Count, 40, _fixture.Services.Limits.NewsBurst + 1);

        // Nobody is left with an older state.
        _fixture.Advance(ParticipantNews.BatchInterval);
        Assert.True(bob.Take(r => r.Update).SelectMany(u => u.Participants).Last(p => p.Sid == alice.Sid.Value).Tracks.Single().Muted);
        Assert.True(_fixture.Services.LimitCounters[ClientLimit.News] > 900);
    }

    [Fact]
    public void Changes_of_somebody_who_says_much_of_itself_are_counted_in_bytes()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var track = alice.Publish();
        alice.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string('m', 400_000) } });
        _fixture.Advance(ParticipantNews.BatchInterval);
        bob.Take();
        for (var i = 1; i <= 101; i++)
        {
            alice.Ask(new SignalRequest { Mute = new MuteTrackRequest { Sid = track.Sid, Muted = i % 2 == 1 } });
        }

        Assert.InRange(bob.Take(r => r.Update).Count, 1, 3);
        _fixture.Advance(ParticipantNews.BatchInterval);
        Assert.True(bob.Take(r => r.Update).SelectMany(u => u.Participants).Last(p => p.Sid == alice.Sid.Value).Tracks.Single().Muted);
    }

    [Fact]
    public void Large_metadata_is_taken_twice_and_then_now_and_then()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        bob.Take();
        var answers = new List<Reason>();
        for (var i = 0; i < 4; i++)
        {
            alice.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string('m', 400_000 + i) } });
            answers.Add(alice.Take(r => r.RequestResponse).Single().Reason);
        }

        Assert.Equal([Reason.Ok, Reason.LimitExceeded, Reason.LimitExceeded, Reason.LimitExceeded], answers);
        _fixture.Advance(TimeSpan.FromSeconds(10));
        alice.Ask(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = "small" } });
        Assert.Equal(Reason.Ok, alice.Take(r => r.RequestResponse).Single().Reason);
    }

    [Fact]
    public void Data_is_counted_at_each_receiver()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { DataDeliveriesPerSecond = 30 });
        var alice = fixture.Activate("alice");
        TestClient[] others = [.. Enumerable.Range(0, 10).Select(i => fixture.Activate($"other-{i}"))];
        for (var i = 0; i < 10; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket() }, DataChannelKind.Lossy);
        }

        // To one alone more may go, once there is something to give again.
        Assert.All(others, other => Assert.Equal(3, other.TakeData().Count));
        fixture.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 40; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket(), DestinationIdentities = { "other-0" } }, DataChannelKind.Lossy);
        }

        Assert.Equal(30, others[0].TakeData().Count);
        Assert.Equal(7 + 10, fixture.Services.LimitCounters[ClientLimit.Data]);
    }

    [Fact]
    public void Bytes_of_data_are_counted_at_each_receiver()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { DataDeliveryRate = DataRate.FromKilobits(80) });
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        fixture.Activate("carol");
        for (var i = 0; i < 10; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket { Payload = ByteString.CopyFrom(new byte[2_000]) } }, DataChannelKind.Lossy);
        }

        Assert.Equal(2, bob.TakeData().Count);
        Assert.Equal(Instant.Zero, alice.Peer.DataHeldUntil);
    }

    [Fact]
    public void Reliable_data_beyond_it_waits_at_its_sender()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { DataDeliveryRate = DataRate.FromKilobits(80) });
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        fixture.Activate("carol");
        var sent = 0;
        for (var end = fixture.Now + TimeSpan.FromSeconds(20); fixture.Now < end; fixture.Advance(TimeSpan.FromMilliseconds(10)))
        {
            // As media does: nothing comes while it is held.
            while (fixture.Now >= alice.Peer.DataHeldUntil)
            {
                alice.Data(new DataPacket { Sequence = (uint)++sent, User = new UserPacket { Payload = ByteString.CopyFrom(new byte[2_000]) } });
            }
        }

        // 10 kB at once and 10 kB a second, at two receivers.
        Assert.InRange(sent, 45, 54);
        Assert.Equal(Enumerable.Range(1, sent).Select(i => (uint)i), bob.TakeData().Select(packet => packet.Sequence));
        Assert.True(fixture.Services.LimitCounters[ClientLimit.Data] > 0);

        // Somebody whose messages cannot be held, because they are not ordered, loses them.
        fixture.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 20; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket { Payload = ByteString.CopyFrom(new byte[2_000]) } });
        }

        Assert.InRange(bob.TakeData().Count, 2, 3);
    }

    [Fact]
    public void A_large_transfer_does_not_use_up_what_quick_messages_need()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { DataMessagesPerSecond = 10 });
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        for (var i = 0; i < 30; i++)
        {
            alice.Data(new DataPacket { User = new UserPacket() });
        }

        bob.TakeData();
        alice.Data(new DataPacket { User = new UserPacket() }, DataChannelKind.Lossy);
        Assert.Single(bob.TakeData());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_session_description_larger_than_any_client_needs_ends_the_session(bool isOffer)
    {
        var alice = _fixture.Activate("alice");
        var text = new SessionDescription { Sdp = "v=0\r\n" + new string('a', 1024 * 1024) };
        alice.Ask(isOffer ? new SignalRequest { Offer = text } : new SignalRequest { Answer = text });
        var leave = alice.Take(r => r.Leave).Single();
        Assert.Equal((LeaveRequest.Types.Action.Disconnect, DisconnectReason.StateMismatch), (leave.Action, leave.Reason));
        Assert.True(alice.Closed);
        Assert.Equal(1, _fixture.Services.LimitCounters[ClientLimit.Description]);
        Assert.Equal([(alice.Sid.Value, ClientLimit.Description)], _fixture.Notices);
    }

    [Fact]
    public void Operators_are_told_once_in_a_while()
    {
        var alice = _fixture.Activate("alice");
        for (var i = 0; i < 100; i++)
        {
            alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = $"c{i}", Type = TrackType.Audio } });
        }

        Assert.Equal([(alice.Sid.Value, ClientLimit.Tracks)], _fixture.Notices);
        Assert.Equal(80, _fixture.Services.LimitCounters[ClientLimit.Tracks]);
        _fixture.Advance(LimitReports.NoticeInterval);
        alice.Ask(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "one more", Type = TrackType.Audio } });
        Assert.Equal(2, _fixture.Notices.Count);
    }

    [Fact]
    public void A_transfer_that_waits_for_its_receivers_is_no_news()
    {
        var alice = _fixture.Activate("alice");
        alice.Peer.Events.OnLimited(ClientLimit.DataHeld, _fixture.Now);
        Assert.Empty(_fixture.Notices);
        Assert.Equal(1, _fixture.Services.LimitCounters[ClientLimit.DataHeld]);
    }

    [Fact]
    public void Media_tells_of_its_limits_too()
    {
        var alice = _fixture.Activate("alice");
        alice.Peer.Events.OnLimited(ClientLimit.KeyFrames, _fixture.Now);
        Assert.Equal([(alice.Sid.Value, ClientLimit.KeyFrames)], _fixture.Notices);
        Assert.Equal(1, _fixture.Services.LimitCounters[ClientLimit.KeyFrames]);
    }
}
