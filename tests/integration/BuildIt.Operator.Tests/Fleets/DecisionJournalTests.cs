using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Tests.Fleets;

public sealed class DecisionJournalTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_decided_again_and_again_is_one_entry()
    {
        var journal = new RoomJournal();
        var key = new ObjectKey("ns", "room");
        for (var second = 0; second < 100; second++)
        {
            journal.Add(key, "Place", "it has no pod", Now.AddSeconds(second));
            journal.Add(key, "Found no pod", "1 full", Now.AddSeconds(second));
        }

        journal.Add(key, "Placed", "on a", Now.AddSeconds(100));
        Assert.Equal(
            ["Place 100", "Found no pod 100", "Placed 1"], journal.Read(key).Select(entry => $"{entry.What} {entry.Times}"));
        Assert.Equal((Now, Now.AddSeconds(99)), (journal.Read(key)[0].FirstAt, journal.Read(key)[0].LastAt));
    }

    [Fact]
    public void Of_an_object_the_last_entries_are_kept()
    {
        var journal = new RoomJournal();
        var key = new ObjectKey("ns", "room");
        for (var i = 0; i < 1000; i++)
        {
            journal.Add(key, $"{i}", "why", Now);
        }

        Assert.Equal(DecisionJournal.PerObject, journal.Read(key).Count);
        Assert.Equal("999", journal.Read(key)[^1].What);
    }

    [Fact]
    public void Of_objects_those_that_were_decided_about_last_are_kept()
    {
        var journal = new FleetJournal();
        for (var i = 0; i < 1_001; i++)
        {
            journal.Add(new ObjectKey("ns", $"{i}"), "what", "why", Now);
            journal.Add(new ObjectKey("ns", "0"), "what", "why", Now);
        }

        Assert.Empty(journal.Read(new ObjectKey("ns", "1")));
        Assert.Single(journal.Read(new ObjectKey("ns", "0")));
        Assert.Single(journal.Read(new ObjectKey("ns", "2")));
    }
}
