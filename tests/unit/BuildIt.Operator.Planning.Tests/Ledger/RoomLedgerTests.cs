using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Ledger;

public sealed class RoomLedgerTests
{
    private readonly RoomLedger _ledger = new([Pod("a", 0), Pod("b", 0)], [], Given.Now);

    [Fact]
    public void What_is_held_for_people_who_do_not_come_ends_without_anything_new()
    {
        _ledger.Enter(Room("r", "a"), Given.Now);
        _ledger.Advance(Given.Now + RoomLedger.Hold - TimeSpan.FromTicks(1));
        Assert.Equal((1, 10), _ledger.HeldFor("fleet"));

        _ledger.Advance(Given.Now + RoomLedger.Hold);

        Assert.Equal((1, 0), _ledger.HeldFor("fleet"));
    }

    [Fact]
    public void A_room_whose_pod_is_in_no_fleet_is_held_again_when_the_pod_comes_back()
    {
        _ledger.Enter(Room("r", "c"), Given.Now);
        Assert.Equal(["r"], _ledger.Stranded());
        Assert.Equal((0, 0), _ledger.HeldFor("fleet"));

        _ledger.Set(Pod("c", 0));

        Assert.Empty(_ledger.Stranded());
        Assert.Equal((1, 10), _ledger.HeldFor("fleet"));
        _ledger.Remove("fleet", "c");
        Assert.Equal(["r"], _ledger.Stranded());
        _ledger.Leave("r");
        Assert.Empty(_ledger.Stranded());
    }

    [Fact]
    public void What_did_not_change_allocates_nothing()
    {
        var pods = Enumerable.Range(0, 1_000).Select(i => Pod($"pod-{i:000}", i % 40)).ToArray();
        var ledger = new RoomLedger(pods, [.. pods.Select(pod => Room($"room-{pod.Instance}", pod.Instance) with { PlacedAt = Given.Now.AddHours(-1) })], Given.Now);
        var rooms = pods.Select(pod => $"room-{pod.Instance}").ToArray();
        Again();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Again();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Again()
        {
            for (var i = 0; i < pods.Length; i++)
            {
                ledger.Set(pods[i]);
                ledger.Report(pods[i].Instance, rooms[i], 3, Given.Now);
                ledger.Report(pods[i].Instance, "elsewhere", 3, Given.Now);
            }

            ledger.Advance(Given.Now);
            ledger.HeldFor("fleet");
        }
    }

    [Fact]
    public void What_a_pod_reports_of_a_room_before_it_is_placed_there_counts_from_then_on()
    {
        _ledger.Report("a", "r", 4, Given.Now);
        _ledger.Report("a", "gone", 9, Given.Now);
        _ledger.Report("a", "gone", null, Given.Now);
        Assert.Equal((0, 0), _ledger.HeldFor("fleet"));

        _ledger.Enter(Room("r", "a"), Given.Now);
        _ledger.Enter(Room("gone", "a"), Given.Now);

        Assert.Equal((1, 16), _ledger.HeldFor("fleet"));
        _ledger.Leave("r");
        _ledger.Enter(Room("r", "a"), Given.Now);
        Assert.Equal((1, 16), _ledger.HeldFor("fleet"));
    }

    [Fact]
    public void A_room_has_an_origin_and_edges_each_held_on_its_pod()
    {
        _ledger.Enter(Room("r", "a"), Given.Now);
        _ledger.SetEdges("r", [Edge("b", "a", 5)], Given.Now);
        Assert.Equal([new LedgerSeat("fleet", "a", true, null, null, 10), new LedgerSeat("fleet", "b", false, "a", null, 5)], _ledger.SeatsOf("r"));
        Assert.Equal((2, 15), _ledger.HeldFor("fleet"));
        Assert.Equal([true, true, false], ((string[])["a", "b", "c"]).Select(pod => _ledger.IsOn("r", pod)));
        Assert.Equal(5, _ledger.UnseatedOf("r", 20, Given.Now));
        Assert.Equal(0, _ledger.UnseatedOf("r", 20, Given.Now + RoomLedger.Hold));

        // One that it has already is as it was, whatever else changes.
        _ledger.Report("b", "r", 2, Given.Now);
        _ledger.SetEdges("r", [Edge("b", "c", 50), Edge("c", "a", 1)], Given.Now);
        Assert.Equal([("a", null, 10), ("b", "c", 3), ("c", "a", 1)], _ledger.SeatsOf("r").Select(seat => (seat.Instance, seat.Parent, seat.Held)));

        _ledger.SetEdges("r", [], Given.Now);
        Assert.Equal((1, 10), _ledger.HeldFor("fleet"));
        Assert.True(Assert.Single(_ledger.SeatsOf("r")).IsOrigin);
        Assert.Equal(0, _ledger.CountOn("b"));
    }

    [Fact]
    public void A_room_that_is_on_the_pod_of_its_own_edge_for_a_moment_counts_both_by_what_that_reports()
    {
        _ledger.SetEdges("r", [Edge("a", "b", 10)], Given.Now);
        _ledger.Report("a", "r", 4, Given.Now);
        _ledger.Enter(Room("r", "a"), Given.Now);
        Assert.Equal((0, 12), _ledger.HeldFor("fleet"));
        _ledger.Report("a", "r", 7, Given.Now);
        Assert.Equal((0, 6), _ledger.HeldFor("fleet"));

        _ledger.SetEdges("r", [], Given.Now);

        Assert.Equal((0, 3), _ledger.HeldFor("fleet"));
        Assert.Equal("a", _ledger.Find("r")?.Instance);
    }

    [Fact]
    public void An_edge_that_becomes_the_origin_is_that_for_as_many_people_as_the_one_before()
    {
        _ledger.Enter(Room("r", "a") with { Generation = 1, Losses = 1 }, Given.Now);
        _ledger.SetEdges("r", [Edge("b", "a", 5)], Given.Now);
        var later = Given.Now.AddSeconds(9);

        _ledger.Promote(new PlacedRoom { Room = "r", Cluster = "fleet", Instance = "b", PlacedAt = later, Expected = 0, Generation = 2 }, [Edge("a", "b", 0)], later);

        Assert.Equal(new PlacedRoom { Room = "r", Cluster = "fleet", Instance = "b", PlacedAt = later, Expected = 10, Generation = 2, Losses = 1 }, _ledger.Find("r"));
        Assert.Equal(["b", "a"], _ledger.SeatsOf("r").Select(seat => seat.Instance));
    }

    [Fact]
    public void What_an_object_says_is_taken_over_when_it_is_newer()
    {
        _ledger.Enter(Room("r", "a") with { Generation = 3 }, Given.Now);
        Assert.True(_ledger.Knows("r", 3, 0));
        Assert.True(_ledger.Knows("r", 2, 9));
        Assert.False(_ledger.Knows("r", 3, 1));
        Assert.False(_ledger.Knows("other", 0, 0));

        // The pod is the same, so it has been there since it was given it.
        _ledger.Observe(Room("r", "a") with { Generation = 3, Revision = 1, PlacedAt = DateTimeOffset.MinValue, Expected = 1 }, [Edge("b", "a", 0)], Given.Now);
        Assert.Equal((1L, Given.Now, 10), (_ledger.Find("r")!.Value.Revision, _ledger.Find("r")!.Value.PlacedAt, _ledger.Find("r")!.Value.Expected));
        Assert.True(_ledger.IsOn("r", "b"));

        _ledger.Observe(Room("r", "b") with { Generation = 4, PlacedAt = Given.Now.AddSeconds(5), Expected = 1 }, [], Given.Now.AddSeconds(5));
        Assert.Equal((Given.Now.AddSeconds(5), 1), (_ledger.Find("r")!.Value.PlacedAt, _ledger.Find("r")!.Value.Expected));

        _ledger.ObserveNone("r", 3);
        Assert.NotNull(_ledger.Find("r"));
        _ledger.ObserveNone("r", 4);
        Assert.Null(_ledger.Find("r"));
    }

    [Fact]
    public void Whoever_waits_makes_its_fleet_grow_until_it_has_its_pod_or_is_over()
    {
        Assert.True(_ledger.Wait("r", "fleet", 10));
        Assert.False(_ledger.Wait("r", "fleet", 10));
        Assert.True(_ledger.Wait("anywhere", null, 3));
        Assert.True(_ledger.Want("grown", "fleet", 7));
        Assert.False(_ledger.Want("grown", "fleet", 7));
        Assert.Equal([10, 7], _ledger.WaitingFor("fleet"));
        Assert.Equal(["r", "anywhere", "grown"], _ledger.Waiting);

        _ledger.Enter(Room("r", "a"), Given.Now);
        Assert.False(_ledger.Want("grown", null, 7));
        _ledger.Forget("anywhere");
        Assert.Empty(_ledger.Waiting);

        _ledger.Await("r");
        Assert.Equal([10], _ledger.WaitingFor("fleet"));
        Assert.Null(_ledger.Find("r"));
    }

    private static PodState Pod(string name, int participants) => new()
    {
        Cluster = "fleet",
        Region = "west",
        Instance = name,
        Load = new PodLoad(participants > 0 ? 1 : 0, participants, participants, participants, 0, 0, 0),
    };

    private static PlacedRoom Room(string name, string instance) => new() { Room = name, Cluster = "fleet", Instance = instance, PlacedAt = Given.Now, Expected = 10 };

    private static PlacedEdge Edge(string instance, string parent, int expected) => new() { Cluster = "fleet", Instance = instance, Parent = parent, Since = Given.Now, Expected = expected };
}
