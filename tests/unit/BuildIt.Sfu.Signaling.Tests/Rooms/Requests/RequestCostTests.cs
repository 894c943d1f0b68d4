using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Requests;

/// <summary>What a request costs the loop does not grow with how often it says the same.</summary>
public sealed class RequestCostTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Nobody_has_its_own_messages_repeated()
    {
        var alice = _fixture.Activate("alice");
        for (var i = 1u; i <= 10; i++)
        {
            alice.Data(new DataPacket { Sequence = i, User = new UserPacket { Payload = ByteString.CopyFromUtf8("x") } });
        }

        var state = new SyncState();
        state.DatachannelReceiveStates.AddRange(Enumerable.Repeat(new DataChannelReceiveState { PublisherSid = alice.Sid.Value }, 1000));
        alice.Ask(new SignalRequest { SyncState = state });
        Assert.Empty(alice.TakeData());
    }

    [Fact]
    public void A_publisher_named_often_is_repeated_once()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        alice.Data(new DataPacket { Sequence = 1, User = new UserPacket { Payload = ByteString.CopyFromUtf8("x") } });
        bob.TakeData();

        var state = new SyncState();
        state.DatachannelReceiveStates.AddRange(Enumerable.Repeat(new DataChannelReceiveState { PublisherSid = alice.Sid.Value }, 1000));
        bob.Ask(new SignalRequest { SyncState = state });
        Assert.Single(bob.TakeData());
    }

    [Fact]
    public void Short_messages_are_kept_for_those_who_resume_up_to_a_number()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { ReplayMessages = 5 });
        var alice = fixture.Activate("alice");
        var bob = fixture.Activate("bob");
        for (var i = 1u; i <= 20; i++)
        {
            alice.Data(new DataPacket { Sequence = i, User = new UserPacket() });
        }

        bob.TakeData();
        bob.Ask(new SignalRequest { SyncState = new SyncState { DatachannelReceiveStates = { new DataChannelReceiveState { PublisherSid = alice.Sid.Value } } } });
        Assert.Equal([16u, 17u, 18u, 19u, 20u], bob.TakeData().Select(p => p.Sequence));
    }

    public static TheoryData<string, SignalRequest> TooLong()
    {
        const int Entries = 10_001;
        var sids = Enumerable.Range(0, Entries).Select(i => $"TR_{i}").ToArray();
        var subscription = new UpdateSubscription { Subscribe = true, TrackSids = { sids } };
        return new TheoryData<string, SignalRequest>
        {
            { "subscription", new SignalRequest { Subscription = subscription } },
            { "by participant", new SignalRequest { Subscription = new UpdateSubscription { ParticipantTracks = { new ParticipantTracks { TrackSids = { sids } } } } } },
            { "participants", new SignalRequest { Subscription = new UpdateSubscription { ParticipantTracks = { Enumerable.Repeat(new ParticipantTracks(), Entries) } } } },
            { "settings", new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { sids } } } },
            { "data", new SignalRequest { UpdateDataSubscription = new UpdateDataSubscription { Updates = { sids.Select(s => new UpdateDataSubscription.Types.Update { TrackSid = s }) } } } },
            { "permission", new SignalRequest { SubscriptionPermission = new SubscriptionPermission { TrackPermissions = { Enumerable.Repeat(new TrackPermission(), Entries) } } } },
            { "state", new SignalRequest { SyncState = new SyncState { Subscription = subscription } } },
            { "disabled", new SignalRequest { SyncState = new SyncState { TrackSidsDisabled = { sids } } } },
            { "received", new SignalRequest { SyncState = new SyncState { DatachannelReceiveStates = { sids.Select(s => new DataChannelReceiveState { PublisherSid = s }) } } } },
            { "published", new SignalRequest { SyncState = new SyncState { PublishTracks = { sids.Select(s => new TrackPublishedResponse { Track = new TrackInfo { Sid = s } }) } } } },
        };
    }

    [Theory]
    [MemberData(nameof(TooLong))]
    public void A_request_with_more_entries_than_anybody_needs_is_refused_whole(string name, SignalRequest request)
    {
        var alice = _fixture.Activate("alice");
        alice.Ask(request);
        Assert.Equal([(alice.Sid.Value, ClientLimit.Subscriptions)], _fixture.Notices);
        Assert.Empty(alice.Take(r => r.Leave));
        Assert.False(alice.Closed, name);
    }

    [Fact]
    public void A_long_request_is_done_in_slices_that_come_to_the_same()
    {
        var sids = Enumerable.Range(0, 1000).Select(i => $"TR_{i % 500}").ToArray();
        var state = new SyncState
        {
            Subscription = new UpdateSubscription { Subscribe = true, TrackSids = { sids } },
            TrackSidsDisabled = { sids },
            DataSubscription = new UpdateDataSubscription { Updates = { sids.Select((s, i) => new UpdateDataSubscription.Types.Update { TrackSid = s, Subscribe = i >= 500 }) } },
            DatachannelReceiveStates = { sids.Select((s, i) => new DataChannelReceiveState { PublisherSid = s, LastSeq = (uint)i }) },
            PublishTracks = { sids.Select(s => new TrackPublishedResponse { Track = new TrackInfo { Sid = s } }) },
        };
        var slices = RequestSlices.Of(new SignalRequest { SyncState = state }).ToList();

        Assert.Equal(500, slices[0].SyncState.PublishTracks.Count);
        Assert.Equal(sids[..500], slices.Where(s => s.Subscription is not null).SelectMany(s => s.Subscription.TrackSids));
        Assert.All(slices.Where(s => s.Subscription is not null), s => Assert.True(s.Subscription.Subscribe));
        Assert.Equal(sids[..500], slices.Where(s => s.TrackSetting is not null).SelectMany(s => s.TrackSetting.TrackSids));
        Assert.All(slices.Where(s => s.TrackSetting is not null), s => Assert.True(s.TrackSetting.Disabled));
        var wishes = slices.Where(s => s.UpdateDataSubscription is not null).SelectMany(s => s.UpdateDataSubscription.Updates).ToList();
        Assert.Equal(sids[..500], wishes.Select(w => w.TrackSid));
        Assert.All(wishes, w => Assert.True(w.Subscribe));
        var received = slices.Where(s => s.SyncState?.DatachannelReceiveStates.Count > 0).SelectMany(s => s.SyncState.DatachannelReceiveStates).ToList();
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (uint)i), received.Select(r => r.LastSeq));
        Assert.All(slices, s => Assert.True(Entries(s) <= RequestSlices.Tracks || s.SyncState?.PublishTracks.Count > 0));

        static int Entries(SignalRequest request) =>
            request.Subscription?.TrackSids.Count ?? request.TrackSetting?.TrackSids.Count ?? request.UpdateDataSubscription?.Updates.Count
            ?? request.SyncState.DatachannelReceiveStates.Count;
    }

    [Fact]
    public void Handles_of_data_tracks_are_told_once_for_a_request()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        for (var i = 1u; i <= 50; i++)
        {
            alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = i, Name = $"d{i}" } });
        }

        var sids = alice.Take(r => r.PublishDataTrackResponse).Select(r => r.Info.Sid).ToArray();
        bob.Take();
        bob.Ask(new SignalRequest
        {
            UpdateDataSubscription = new UpdateDataSubscription { Updates = { sids.Select(s => new UpdateDataSubscription.Types.Update { TrackSid = s }) } },
        });
        Assert.Empty(bob.Take(r => r.DataTrackSubscriberHandles).Single().SubHandles);
    }

    [Fact]
    public void A_change_of_consent_reaches_a_large_room_in_turns()
    {
        var alice = _fixture.Activate("alice");
        for (var i = 0; i < 10; i++)
        {
            alice.Publish($"cid{i}");
        }

        TestClient[] others = [.. Enumerable.Range(0, 100).Select(i => _fixture.Activate($"other-{i}"))];
        Array.ForEach(others, o => o.Take());
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission() });
        var told = others.Sum(o => o.Take(r => r.SubscriptionPermissionUpdate).Count);
        Assert.InRange(told, 1, PublisherSweeps.PairsPerTurn);

        // Changed again before it was done: what holds in the end is what was said last.
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = true } });
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission() });
        _fixture.Advance(TimeSpan.FromSeconds(1));
        Assert.All(others, o => Assert.Empty(o.Peer.Subscribed));
        Assert.True(_fixture.Room.NextDeadline > _fixture.Now);
    }

    [Fact]
    public void A_message_to_more_receivers_than_anybody_names_goes_to_none()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var few = new DataPacket { DestinationIdentities = { Enumerable.Range(0, 999).Select(i => $"nobody-{i}").Append("bob") }, User = new UserPacket() };
        var many = new DataPacket { DestinationIdentities = { Enumerable.Range(0, 1000).Select(i => $"nobody-{i}").Append("bob") }, User = new UserPacket() };
        alice.Data(few);
        Assert.Single(bob.TakeData());
        alice.Data(many);
        Assert.Empty(bob.TakeData());
        Assert.Equal(1, _fixture.Services.LimitCounters[ClientLimit.Data]);
    }
}
