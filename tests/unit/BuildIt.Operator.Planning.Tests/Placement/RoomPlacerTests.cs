using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;

namespace BuildIt.Operator.Planning.Tests.Placement;

public sealed class RoomPlacerTests
{
    [Fact]
    public void Pods_are_filled_to_their_target_before_the_next_is_opened() =>
        Assert.Equal("b", Place(Pod("a", 0), Pod("b", 20), Pod("c", 10)).Instance);

    [Fact]
    public void Above_the_target_the_least_loaded_is_taken() =>
        Assert.Equal("b", Place(Pod("a", 29), Pod("b", 27), Pod("c", 30)).Instance);

    [Fact]
    public void The_new_revision_comes_first() =>
        Assert.Equal("new", Place(Pod("old", 20) with { IsCurrent = false }, Pod("new", 0)).Instance);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_room_costs_to_place_does_not_grow_with_the_pods_looked_at(bool furtherSeat)
    {
        var (few, many) = (Allocated(10), Allocated(1_000));
        Assert.True(many < few + 1_000, $"{few} bytes are allocated with 10 pods, {many} with 1,000");

        long Allocated(int pods)
        {
            var ledger = Ledger([.. Enumerable.Range(0, pods).Select(i => Pod($"pod-{i}", 0))]);
            Once();
            var before = GC.GetAllocatedBytesForCurrentThread();
            Once();
            return GC.GetAllocatedBytesForCurrentThread() - before;

            void Once()
            {
                if (furtherSeat)
                {
                    RoomPlacer.PlaceSeat(ledger, "fleet", "west", 5, []);
                }
                else
                {
                    RoomPlacer.Place(ledger, Request(), Given.Now);
                }
            }
        }
    }

    [Theory]
    [InlineData(PodAvailability.Starting)]
    [InlineData(PodAvailability.Draining)]
    [InlineData(PodAvailability.Suspect)]
    [InlineData(PodAvailability.Dead)]
    public void Whoever_is_not_ready_gets_nothing(PodAvailability availability)
    {
        var placement = Place(Pod("a", 0) with { Availability = availability });

        Assert.False(placement.IsPlaced);
        Assert.Equal("west", placement.GrowRegion);
    }

    [Theory]
    [InlineData(30, 0, "a")]
    [InlineData(31, 0, "b")]
    [InlineData(40, 41, "a")]
    [InlineData(41, 40, "b")]
    public void Nobody_is_filled_above_80_percent_while_another_region_has_room(int west, int east, string expected)
    {
        var request = Request() with { Regions = ["west", "east"] };

        Assert.Equal(expected, RoomPlacer.Place(Ledger(Pod("a", west), Pod("b", east) with { Region = "east" }), request, Given.Now).Instance);
    }

    [Fact]
    public void A_region_that_was_not_asked_for_gets_nothing() =>
        Assert.False(RoomPlacer.Place(Ledger(Pod("a", 0)), Request() with { Regions = ["east"] }, Given.Now).IsPlaced);

    [Fact]
    public void A_fleet_that_was_not_selected_gets_nothing() =>
        Assert.False(RoomPlacer.Place(Ledger(Pod("a", 0)), Request() with { Clusters = new HashSet<string> { "other" } }, Given.Now).IsPlaced);

    [Fact]
    public void A_pod_that_was_named_is_the_only_one_that_is_looked_at() =>
        Assert.Equal("a", RoomPlacer.Place(Ledger(Pod("a", 0), Pod("b", 20)), Request() with { Only = "a" }, Given.Now).Instance);

    [Theory]
    [InlineData("a", "a cannot take 10 participants: it is full")]
    [InlineData("b", "b cannot take 10 participants: it is draining")]
    [InlineData("c", "c cannot take 10 participants: it is none of the pods that may serve the room")]
    public void A_pod_that_was_named_and_cannot_take_it_makes_no_fleet_grow(string pod, string reason)
    {
        var placement = RoomPlacer.Place(Ledger(Pod("a", 45), Pod("b", 0) with { Availability = PodAvailability.Draining }, Pod("d", 0)), Request() with { Only = pod }, Given.Now);

        Assert.Equal((false, reason, null), (placement.IsPlaced, placement.Reason, placement.GrowRegion));
    }

    [Fact]
    public void What_speaks_against_each_pod_is_told_and_nothing_is_changed_by_asking()
    {
        var ledger = Ledger(Pod("a", 20), Pod("b", 45), Pod("c", 0) with { Availability = PodAvailability.Dead }, Pod("d", 0) with { Region = "east" }, Pod("e", 0));
        var options = PlacementSurvey.Of(ledger, Request(), at: null, most: 10);

        Assert.Equal(
            ["a ", "e ", "c it is dead", "d its region is none of the room's", "b it is full"],
            options.Select(option => $"{option.Instance} {option.Objection}"));
        Assert.Equal(RoomPlacer.Place(ledger, Request(), Given.Now).Instance, options[0].Instance);
        Assert.Equal(2, PlacementSurvey.Of(ledger, Request(), at: null, most: 2).Count);
    }

    [Fact]
    public void A_room_that_has_to_wait_is_told_why()
    {
        var placement = Place(Pod("a", 45), Pod("b", 0) with { Availability = PodAvailability.Draining });

        Assert.Equal("no pod in west has room for 10 participants: 1 full, 1 draining", placement.Reason);
    }

    [Fact]
    public void A_failover_leaves_the_old_pod_and_raises_the_generation()
    {
        var placement = RoomPlacer.Place(Ledger(Pod("a", 20), Pod("b", 0)), Request() with { Generation = 7, Avoid = ["a"] }, Given.Now);

        Assert.Equal(("b", 8), (placement.Instance, placement.Generation));
    }

    [Fact]
    public void A_room_larger_than_any_pod_gets_an_empty_one() =>
        Assert.Equal("b", RoomPlacer.Place(Ledger(Pod("a", 10), Pod("b", 0)), Request() with { ExpectedParticipants = 500 }, Given.Now).Instance);

    [Fact]
    public void A_burst_of_rooms_does_not_pile_onto_one_pod()
    {
        var pods = Enumerable.Range(0, 20).Select(i => Pod($"p{i:00}", 0) with { Capacity = new PodCapacity(500, 500, 50, 0, 0) }).ToArray();
        var ledger = Ledger(pods);

        var placed = Enumerable.Range(0, 1_000)
            .Select(i => RoomPlacer.Place(ledger, Request() with { Room = $"r{i}" }, Given.Now))
            .ToList();

        Assert.All(placed, placement => Assert.True(placement.IsPlaced, placement.Reason));
        Assert.All(placed.GroupBy(placement => placement.Instance), group => Assert.InRange(group.Count(), 1, 50));
        Assert.False(RoomPlacer.Place(ledger, Request() with { Room = "one more" }, Given.Now).IsPlaced);
    }

    [Fact]
    public void What_was_promised_counts_until_it_came_or_the_hold_is_over()
    {
        var placed = new PlacedRoom { Room = "r", Instance = "a", PlacedAt = Given.Now.AddSeconds(-10), Expected = 40 };

        Assert.Equal(0.8, Load(placed));
        Assert.Equal(0.6, Load(placed, 10));
        Assert.Equal(0, Load(placed, 40));
        Assert.Equal(0.1, Load(placed with { PlacedAt = Given.Now - RoomLedger.Hold }));

        static double? Load(PlacedRoom room, int? reported = null)
        {
            var ledger = new RoomLedger([Pod("a", 0)], [room], Given.Now);
            ledger.Report("a", "r", reported, Given.Now);
            return ledger.LoadOf("a");
        }
    }

    [Fact]
    public void A_room_for_which_there_is_no_other_pod_keeps_its_places_where_it_is()
    {
        var ledger = Ledger(Pod("a", 0));
        RoomPlacer.Place(ledger, Request() with { Losses = 1 }, Given.Now);

        Assert.False(RoomPlacer.Place(ledger, Request() with { Avoid = ["a"], Losses = 2 }, Given.Now.AddSeconds(1)).IsPlaced);

        Assert.Equal((1, 10), ledger.HeldFor("fleet"));
        Assert.Equal(("a", 1, Given.Now), (ledger.Find("r")!.Value.Instance, ledger.Find("r")!.Value.Losses, ledger.Find("r")!.Value.PlacedAt));
    }

    [Fact]
    public void A_released_room_gives_its_places_back()
    {
        var ledger = Ledger(Pod("a", 0));
        RoomPlacer.Place(ledger, Request(), Given.Now);
        Assert.Equal(0.2, ledger.LoadOf("a"));

        ledger.Forget("r");

        Assert.Equal(0, ledger.LoadOf("a"));
        Assert.Equal((0, 0), ledger.HeldFor("fleet"));
    }

    [Fact]
    public void Placing_a_room_again_does_not_count_it_twice()
    {
        var ledger = Ledger(Pod("a", 0), Pod("b", 0));
        RoomPlacer.Place(ledger, Request(), Given.Now);
        RoomPlacer.Place(ledger, Request(), Given.Now);

        Assert.Equal((1, 10), ledger.HeldFor("fleet"));
    }

    [Theory]
    [InlineData(null, 100, 10)]
    [InlineData(null, 4, 4)]
    [InlineData(50, 20, 20)]
    [InlineData(50, 0, 50)]
    [InlineData(0, 5, 1)]
    public void Places_are_held_for_those_expected(int? expected, int max, int held) =>
        Assert.Equal(held, (Request() with { ExpectedParticipants = expected, MaxParticipants = max }).Expected);

    private static RoomRequest Request() => new() { Room = "r", Regions = ["west"], ExpectedParticipants = 10 };

    private static RoomPlacement Place(params PodState[] pods) => RoomPlacer.Place(Ledger(pods), Request(), Given.Now);

    private static RoomLedger Ledger(params PodState[] pods) => new(pods, [], Given.Now);

    private static PodState Pod(string name, int participants) => new()
    {
        Cluster = "fleet",
        Region = "west",
        Instance = name,
        Load = new PodLoad(participants > 0 ? 1 : 0, participants, participants, participants, 0, 0, 0),
    };
}
