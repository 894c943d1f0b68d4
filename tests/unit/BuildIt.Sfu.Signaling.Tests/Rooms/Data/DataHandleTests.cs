using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Data;

/// <summary>
/// Each message of handles lists all data tracks that somebody receives. In a room of a hundred with a hundred data tracks each that
/// is ten thousand entries for each of them: what one participant does may not cost that for each track.
/// </summary>
public sealed class DataHandleTests
{
    private const int Tracks = 100;

    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Whoever_leaves_costs_each_other_one_message()
    {
        var (alice, others) = (Publisher("alice"), Listeners(3));
        alice.Ask(new SignalRequest { Leave = new LeaveRequest() });
        Settle();
        Assert.All(others, other => Assert.Empty(Assert.Single(other.Take(r => r.DataTrackSubscriberHandles)).SubHandles));
    }

    [Fact]
    public void A_change_of_consent_costs_each_other_one_message()
    {
        var (alice, others) = (Publisher("alice"), Listeners(3));
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission() });
        Settle();
        Assert.All(others, other => Assert.Empty(Assert.Single(other.Take(r => r.DataTrackSubscriberHandles)).SubHandles));
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = true } });
        Settle();
        Assert.All(others, other => Assert.Equal(Tracks, Assert.Single(other.Take(r => r.DataTrackSubscriberHandles)).SubHandles.Count));
    }

    [Fact]
    public void A_full_room_is_told_in_turns_and_only_what_holds_in_the_end()
    {
        TestClient[] all = [.. Enumerable.Range(0, 8).Select(i => Publisher($"p{i}"))];
        Settle();
        Array.ForEach(all, client => client.Take());
        var alice = all[0];
        for (var i = 0; i < 20; i++)
        {
            alice.Ask(new SignalRequest { UnpublishDataTrackRequest = new UnpublishDataTrackRequest { PubHandle = Tracks } });
            alice.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = Tracks, Name = "again" } });
        }

        Assert.InRange(all.Sum(client => client.Received.Sum(r => r.DataTrackSubscriberHandles?.SubHandles.Count ?? 0)), 1, 3000);
        var last = alice.Received.Last(r => r.PublishDataTrackResponse is not null).PublishDataTrackResponse.Info.Sid;
        Settle();
        Assert.All(all[1..], client =>
        {
            var told = client.Take(r => r.DataTrackSubscriberHandles);
            Assert.InRange(told.Count, 1, 2);
            Assert.Equal(7 * Tracks, told[^1].SubHandles.Count);
            Assert.Contains(told[^1].SubHandles.Values, track => track.TrackSid == last);
        });
    }

    private void Settle() => _fixture.Advance(TimeSpan.FromSeconds(2));

    private TestClient Publisher(string name)
    {
        var client = _fixture.Activate(name, join: p => p with { AutoSubscribeDataTracks = true });
        for (var i = 1u; i <= Tracks; i++)
        {
            client.Ask(new SignalRequest { PublishDataTrackRequest = new PublishDataTrackRequest { PubHandle = i, Name = $"d{i}" } });
        }

        return client;
    }

    private TestClient[] Listeners(int count)
    {
        TestClient[] listeners = [.. Enumerable.Range(0, count).Select(i => _fixture.Activate($"l{i}", join: p => p with { AutoSubscribeDataTracks = true }))];
        Settle();
        Array.ForEach(listeners, listener => listener.Take());
        return listeners;
    }
}
