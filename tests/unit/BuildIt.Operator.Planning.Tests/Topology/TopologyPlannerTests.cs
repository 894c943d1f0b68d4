using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Planning.Tests.Topology;

public sealed class TopologyPlannerTests
{
    [Fact]
    public void A_room_whose_people_are_where_it_is_stays_as_it_is()
    {
        var decision = Two().Seat("us-0", people: 5).People("us", 5).Plan();

        Assert.False(decision.IsChanged);
        Assert.Equal("us-0", Assert.Single(decision.Seats).Instance);
        Assert.Null(decision.NextDeadline);
    }

    [Fact]
    public void People_of_another_region_get_a_seat_when_they_have_been_worth_one_for_a_while()
    {
        var world = Two().Seat("us-0", people: 6).People("us", 4).People("eu", 2);

        var first = world.Plan();
        Assert.Empty(first.Changes);
        Assert.Equal(world.Now + CascadePolicy.AddAfter, first.NextDeadline);

        world.Take(first);
        world.Now += CascadePolicy.AddAfter;
        var then = world.Plan();

        var change = Assert.Single(then.Changes);
        Assert.Equal((SeatChangeKind.Add, "eu-0"), (change.Kind, change.Instance));
        Assert.Equal("2 people are in eu: up to 4 streams fewer have to go there, and they hear each other 80 ms sooner", change.Reason);
        Assert.Equal(["us-0", "eu-0"], then.Seats.Select(seat => seat.Instance));
        Assert.Equal("us-0", then.Seats[1].Parent);
    }

    [Fact]
    public void One_person_far_away_is_not_worth_a_seat() =>
        Assert.Single(Two().Seat("us-0", people: 5).People("us", 4).People("eu", 1).Settle().Seats);

    [Fact]
    public void With_Always_one_person_is()
    {
        var world = Two().Seat("us-0", people: 5).People("us", 4).People("eu", 1);
        world.Room = world.Room with { Mode = CascadeMode.Always };

        Assert.Equal("cascade is Always, and 1 person is in eu", Assert.Single(world.Plan().Changes).Reason);
    }

    [Fact]
    public void With_Always_the_regions_that_are_named_have_a_seat_from_the_start()
    {
        var world = Two().Seat("us-0", people: 0);
        world.Room = world.Room with { Mode = CascadeMode.Always, Regions = ["us", "eu"] };

        Assert.Equal(2, world.Settle().Seats.Count);
    }

    [Fact]
    public void With_Never_there_is_one_seat()
    {
        var world = Two().Seat("us-0", people: 2).Seat("eu-0", "us-0", people: 20).People("us", 2).People("eu", 20);
        world.Room = world.Room with { Mode = CascadeMode.Never };

        var decision = world.Plan();

        Assert.Equal("us-0", Assert.Single(decision.Seats).Instance);
        Assert.Equal("cascade is Never", Assert.Single(decision.Changes).Reason);
    }

    [Fact]
    public void No_more_regions_than_allowed()
    {
        var world = Two().Fleet("ap").Link("us", "ap", 70).Seat("us-0", people: 30).People("us", 10).People("eu", 10).People("ap", 10);
        world.Room = world.Room with { MaxRegions = 2 };

        Assert.Equal(2, world.Settle().Seats.Count);
    }

    [Fact]
    public void Only_regions_and_fleets_that_the_room_may_use()
    {
        var world = Two().Seat("us-0", people: 20).People("us", 10).People("eu", 10);

        world.Room = world.Room with { Regions = ["us"] };
        Assert.Single(world.Settle().Seats);

        world.Room = world.Room with { Regions = [], Clusters = new HashSet<string> { "us" } };
        Assert.Single(world.Settle().Seats);
    }

    [Fact]
    public void A_region_that_no_healthy_link_leads_to_gets_none()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("eu").Link("us", "eu", 40, healthy: false).Seat("us-0", people: 20).People("us", 10).People("eu", 10);

        Assert.Single(world.Settle().Seats);
    }

    [Fact]
    public void Where_there_is_no_direct_link_the_fleet_between_gets_a_seat_too()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("mid").Fleet("eu").Link("us", "mid", 20).Link("mid", "eu", 20)
            .Seat("us-0", people: 20).People("us", 10).People("eu", 10);

        var seats = world.Settle().Seats;

        Assert.Equal([("eu-0", "mid-0"), ("mid-0", "us-0"), ("us-0", null)], seats.Select(seat => (seat.Instance, seat.Parent)).Order());
    }

    [Fact]
    public void Links_of_higher_priority_come_first_however_long()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("mid").Fleet("eu").Fleet("ap")
            .Link("us", "eu", 10, priority: 50).Link("us", "mid", 60).Link("mid", "eu", 60)
            .Seat("us-0", people: 20).Seat("mid-0", "us-0", people: 5).Seat("eu-0", "us-0", people: 5)
            .People("us", 20).People("mid", 5).People("eu", 5);

        var seats = world.Settle().Seats;

        Assert.Equal("mid-0", seats.Single(seat => seat.Instance == "eu-0").Parent);
    }

    [Fact]
    public void A_room_that_has_outgrown_its_pod_gets_another_and_newcomers_go_there()
    {
        var world = Two().Pod("us-0", "us", participants: 42).Seat("us-0", people: 42).People("us", 42);

        var decision = world.Plan();

        Assert.Equal("it has outgrown its pods in us: the fullest is 84% full", Assert.Single(decision.Changes).Reason.Replace(" %", "%", StringComparison.Ordinal));
        Assert.True(decision.Seats[0].IsClosed);
        Assert.False(decision.Seats[1].IsClosed);
        Assert.Equal("us-0", decision.Seats[1].Parent);
    }

    [Fact]
    public void A_small_room_does_not_flee_a_pod_that_others_fill() =>
        Assert.False(Two().Pod("us-0", "us", participants: 45).Seat("us-0", people: 4).People("us", 4).Plan().IsChanged);

    [Fact]
    public void Two_hundred_expected_people_get_pods_before_they_come()
    {
        var world = new TopologyWorld().Fleet("us", pods: 5).Seat("us-0", people: 0);
        world.Room = world.Room with { Unseated = 150 };

        var seats = world.Plan().Seats;

        Assert.InRange(seats.Count, 4, 5);
        Assert.All(seats.Skip(1), seat => Assert.Equal("us-0", seat.Parent));
    }

    [Fact]
    public void Places_that_are_held_for_a_room_do_not_close_its_own_seat()
    {
        var world = new TopologyWorld().Fleet("us").Seat("us-0", people: 1).People("us", 1);
        world.Ledger.Enter(new PlacedRoom { Room = "r", Instance = "us-0", PlacedAt = world.Now, Expected = 50 }, world.Now);
        world.Ledger.Report("us-0", "r", 1, world.Now);

        Assert.False(world.Plan().IsChanged);
    }

    [Fact]
    public void What_will_be_relayed_to_a_seat_counts_before_it_is()
    {
        // 500 Mbit/s is what a pod may take in.
        var world = new TopologyWorld().Fleet("us", pods: 1).Fleet("eu", pods: 2).Link("us", "eu", 40).Seat("us-0", people: 9).People("us", 4).People("eu", 5);
        world.Ledger.Set(new PodState { Cluster = "eu", Region = "eu", Instance = "eu-0", Load = new PodLoad(1, 1, 1, 1, 250_000_000, 0, 0) });
        world.Room = world.Room with { Media = 200_000_000 };

        var seat = world.Settle().Seats[1];
        Assert.Equal("eu-1", seat.Instance);

        world.Ledger.SetEdges("r", [new PlacedEdge { Instance = "eu-1", Since = world.Now, Expected = 5, Relay = 200_000_000 }], world.Now);
        Assert.Equal(0.4, world.Ledger.LoadOf("eu-1"));
        world.Ledger.Report("eu-1", "r", 5, world.Now);
        Assert.Equal(0, world.Ledger.LoadOf("eu-1"));
    }

    [Fact]
    public void Without_a_pod_that_has_places_the_fleet_is_to_grow_and_nothing_is_piled_up()
    {
        var world = new TopologyWorld().Fleet("us", pods: 1).Pod("us-0", "us", participants: 42).Pod("us-1", "us", participants: 41)
            .Seat("us-0", people: 42).People("us", 42);

        var decision = world.Plan();

        Assert.Empty(decision.Changes);
        Assert.Equal("us", decision.GrowCluster);
        Assert.Equal("no pod of us in us has places for a seat", decision.Refusal);
    }

    [Fact]
    public void A_seat_goes_when_nobody_has_been_behind_it_for_a_while_and_not_before()
    {
        var world = Two().Seat("us-0", people: 5).Seat("eu-0", "us-0", people: 0).People("us", 5);

        var first = world.Plan();
        Assert.Empty(first.Changes);
        world.Now = first.NextDeadline!.Value;

        var change = Assert.Single(world.Plan().Changes);
        Assert.Equal((SeatChangeKind.Remove, "eu-0", "nobody has been behind it for 60 s"), (change.Kind, change.Instance, change.Reason));
    }

    [Fact]
    public void A_seat_between_two_regions_stays_although_nobody_is_on_it()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("mid").Fleet("eu").Link("us", "mid", 20).Link("mid", "eu", 20)
            .Seat("us-0", people: 5).Seat("mid-0", "us-0", people: 0).Seat("eu-0", "mid-0", people: 5).People("us", 5).People("eu", 5);

        Assert.Equal(3, world.Settle().Seats.Count);
    }

    [Fact]
    public void A_dead_edge_gives_its_children_to_another_and_its_people_another_pod()
    {
        var world = Two().Pod("eu-0", "eu", availability: PodAvailability.Dead)
            .Seat("us-0", people: 5).Seat("eu-0", "us-0", people: 0, condition: SeatCondition.Lost).Seat("eu-1", "eu-0", people: 3).People("us", 5).People("eu", 3);

        var decision = world.Plan();

        Assert.Equal(["us-0", "eu-1"], decision.Seats.Select(seat => seat.Instance));
        Assert.Equal("us-0", decision.Seats[1].Parent);
        Assert.Contains(decision.Changes, change => change is { Kind: SeatChangeKind.Remove, Instance: "eu-0", Reason: "eu-0 is lost" });
        Assert.Contains(decision.Changes, change => change is { Kind: SeatChangeKind.Move, Instance: "eu-1" });
    }

    [Fact]
    public void The_best_edge_becomes_the_origin_when_that_is_dead()
    {
        var world = Two().Fleet("ap").Link("us", "ap", 70).Link("eu", "ap", 90).Pod("us-0", "us", availability: PodAvailability.Dead)
            .Seat("us-0", people: 0, condition: SeatCondition.Lost).Seat("ap-0", "us-0", people: 2).Seat("eu-0", "us-0", people: 9).People("eu", 9).People("ap", 2);

        var decision = world.Plan();

        Assert.True(decision.IsOriginChanged);
        Assert.Equal(["eu-0", "ap-0"], decision.Seats.Select(seat => seat.Instance));
        Assert.Equal([null, "eu-0"], decision.Seats.Select(seat => seat.Parent));
        Assert.Equal("us-0, which was the origin, is lost", decision.Changes[0].Reason);
    }

    [Fact]
    public void Those_whom_a_dead_origin_fed_hang_on_one_that_lives_and_not_on_the_seat_that_takes_its_place()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("eu").Fleet("ap").Link("us", "eu", 100).Link("us", "ap", 20).Link("eu", "ap", 20)
            .Pod("ap-0", "ap", availability: PodAvailability.Dead)
            .Seat("ap-0", people: 0, condition: SeatCondition.Lost).Seat("us-0", "ap-0", people: 3).Seat("eu-0", "ap-0", people: 2)
            .People("us", 3).People("eu", 2).People("ap", 2);
        world.Room = world.Room with { Mode = CascadeMode.Always };

        var decision = world.Plan();

        Assert.Equal(["us-0", "eu-0", "ap-1"], decision.Seats.Select(seat => seat.Instance));
        Assert.Equal([null, "us-0", "us-0"], decision.Seats.Select(seat => seat.Parent));

        // By ap it is the shorter way, which is taken once its seat has the room.
        Assert.Equal([null, "ap-1", "us-0"], world.Settle(TimeSpan.FromMinutes(5)).Seats.Select(seat => seat.Parent));
    }

    [Fact]
    public void A_dead_origin_without_edges_has_to_be_placed_anew()
    {
        var world = Two().Pod("us-0", "us", availability: PodAvailability.Dead).Seat("us-0", condition: SeatCondition.Lost).People("us", 3);

        Assert.True(world.Plan().NeedsOrigin);
    }

    [Fact]
    public void A_draining_edge_is_replaced_first_and_goes_when_the_other_has_the_room()
    {
        var world = Two().Pod("eu-0", "eu", participants: 9, availability: PodAvailability.Draining)
            .Seat("us-0", people: 5).Seat("eu-0", "us-0", people: 9, condition: SeatCondition.Leaving).People("us", 5).People("eu", 9);

        var first = world.Plan();
        Assert.Equal("its pod in eu is being drained", Assert.Single(first.Changes).Reason);
        Assert.True(first.Seats.Single(seat => seat.Instance == "eu-0").IsClosed);

        world.Take(first);
        world.Now += TimeSpan.FromSeconds(1);
        var then = world.Plan();

        Assert.Equal(["us-0", "eu-1"], then.Seats.Select(seat => seat.Instance));
        Assert.Equal("us-0", then.Seats[1].Parent);
    }

    [Fact]
    public void A_broken_link_is_gone_round_at_once()
    {
        var world = Two().Fleet("ap").Link("us", "ap", 70).Link("eu", "ap", 90)
            .Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 9).Seat("ap-0", "us-0", people: 9).People("us", 9).People("eu", 9).People("ap", 9);
        world.Link("us", "eu", 40, healthy: false);

        var decision = world.Plan();

        var change = Assert.Single(decision.Changes);
        Assert.Equal((SeatChangeKind.Move, "eu-0"), (change.Kind, change.Instance));
        Assert.Equal("to ap-0 in ap: a link on its way is broken", change.Reason);
    }

    [Theory]
    [InlineData(true, 1500, true)]
    [InlineData(true, 1400, false)]
    [InlineData(false, 4900, false)]
    [InlineData(false, 5000, true)]
    public void An_edge_without_its_parent_is_given_another_way_although_the_link_counts_as_well(bool wasConnected, int milliseconds, bool moves)
    {
        var world = Two().Fleet("ap").Link("us", "ap", 70).Link("eu", "ap", 90)
            .Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 9).Seat("ap-0", "us-0", people: 9).People("us", 9).People("eu", 9).People("ap", 9);
        world.Room = world.Room with
        {
            Seats = [.. world.Room.Seats.Select(seat => seat.Instance == "eu-0" ? seat with { IsConnected = false, WasConnected = wasConnected, CutOffSince = world.Now.AddMilliseconds(-milliseconds) } : seat)],
        };

        Assert.Equal(moves ? "ap-0" : "us-0", world.Plan().Seats.Single(seat => seat.Instance == "eu-0").Parent);
    }

    [Fact]
    public void Edges_that_lose_their_parent_one_after_the_other_do_not_flee_to_each_other()
    {
        var world = Two().Fleet("ap").Link("us", "ap", 70).Link("eu", "ap", 90)
            .Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 9).Seat("ap-0", "us-0", people: 9).People("us", 9).People("eu", 9).People("ap", 9);
        world.Room = world.Room with
        {
            Seats = [.. world.Room.Seats.Select(seat => seat.Parent is null ? seat : seat with { IsConnected = false, WasConnected = true, CutOffSince = world.Now.AddMilliseconds(seat.Instance == "eu-0" ? -1500 : -1300) })],
        };

        var decision = world.Plan();
        Assert.False(decision.IsChanged);
        Assert.Equal(world.Now.AddMilliseconds(200), decision.NextDeadline);

        // The other one has heard its parent again.
        world.Room = world.Room with { Seats = [.. world.Room.Seats.Select(seat => seat.Instance == "ap-0" ? seat with { IsConnected = true, CutOffSince = null } : seat)] };
        Assert.Equal("ap-0", world.Plan().Seats.Single(seat => seat.Instance == "eu-0").Parent);
    }

    [Fact]
    public void Where_there_is_no_other_way_the_seat_stays_closed_and_goes_when_the_link_does_not_come_back()
    {
        var world = Two().Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 9).People("us", 9).People("eu", 9);
        world.Link("us", "eu", 40, healthy: false);

        var cut = world.Plan();
        Assert.Empty(cut.Changes);
        Assert.True(cut.Seats[1].IsClosed);
        Assert.Equal(world.Now + CascadePolicy.CutOffPatience, cut.NextDeadline);

        world.Take(cut);
        world.Link("us", "eu", 40);
        Assert.False(world.Plan().Seats[1].IsClosed);

        world.Link("us", "eu", 40, healthy: false);
        world.Room = world.Room with { Seats = [world.Room.Seats[0], world.Room.Seats[1] with { IsConnected = false }] };
        world.Now += CascadePolicy.CutOffPatience;
        Assert.Equal("no healthy link has led to eu for 2 min", Assert.Single(world.Plan().Changes).Reason);
    }

    [Fact]
    public void Who_has_the_room_over_a_link_that_is_only_bad_keeps_it()
    {
        var world = Two().Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 9).Seat("eu-1", "eu-0", people: 9).People("us", 9).People("eu", 18);
        world.Link("us", "eu", 40, healthy: false);
        for (var minute = 0; minute < 10; minute++)
        {
            var plan = world.Plan();
            Assert.Empty(plan.Changes);
            Assert.All(plan.Seats.Skip(1), seat => Assert.True(seat.IsClosed));
            world.Take(plan);
            world.Now += TimeSpan.FromMinutes(1);
        }

        // The one that hangs on it has what it has, which is not the room any more.
        world.Room = world.Room with { Seats = [world.Room.Seats[0], world.Room.Seats[1] with { IsConnected = false }, world.Room.Seats[2]] };
        world.Now += CascadePolicy.CutOffPatience;
        Assert.Equal(2, world.Plan().Changes.Count(change => change.Kind is SeatChangeKind.Remove));
    }

    [Fact]
    public void A_tree_that_is_a_little_better_is_not_taken_and_one_that_is_much_better_is_after_a_while()
    {
        TopologyWorld World(int us, double toEu, double toAp) => new TopologyWorld().Fleet("us").Fleet("eu").Fleet("ap").Link("us", "eu", 40).Link("us", "ap", toAp).Link("eu", "ap", toEu)
            .Seat("us-0", people: 9).Seat("eu-0", "us-0", people: 20).Seat("ap-0", "us-0", people: 5).People("us", us).People("eu", 20).People("ap", 5);

        Assert.Equal("us-0", World(20, 50, 60).Settle().Seats[2].Parent);

        var world = World(2, 40, 200);
        Assert.False(world.Plan().IsChanged);
        var started = world.Now;
        Assert.Equal("eu-0", world.Settle().Seats[2].Parent);
        Assert.InRange(world.Now - started, CascadePolicy.MoveAfter, CascadePolicy.MoveAfter + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_pod_too_many_takes_no_newcomers()
    {
        var world = new TopologyWorld().Fleet("us").Seat("us-0", people: 10).Seat("us-1", "us-0", people: 3).Seat("us-2", "us-0", people: 1).People("us", 14);

        var seats = world.Plan().Seats;

        Assert.Equal([false, false, true], seats.Select(seat => seat.IsClosed));
    }

    [Fact]
    public void A_pod_that_accepts_no_links_gets_no_seat_beside_others_and_its_rooms_stay_on_one()
    {
        var world = new TopologyWorld().Fleet("us").Fleet("eu").Link("us", "eu", 40).Seat("us-0", people: 9).People("us", 4).People("eu", 5);
        foreach (var pod in new[] { "eu-0", "eu-1" })
        {
            world.Ledger.Set(new PodState { Cluster = "eu", Region = "eu", Instance = pod, Relays = false });
        }

        Assert.Equal("eu-2", world.Settle().Seats[1].Instance);

        var old = new TopologyWorld().Fleet("us").Fleet("eu").Link("us", "eu", 40).Seat("us-0", people: 9).People("us", 4).People("eu", 5);
        old.Ledger.Set(new PodState { Cluster = "us", Region = "us", Instance = "us-0", Relays = false });
        old.Take(old.Plan());
        old.Now += CascadePolicy.AddAfter;
        var decision = old.Plan();

        Assert.Single(decision.Seats);
        Assert.Equal("us-0, its origin, accepts no links", decision.Refusal);
    }

    private static TopologyWorld Two() => new TopologyWorld().Fleet("us").Fleet("eu").Link("us", "eu", 40);
}
