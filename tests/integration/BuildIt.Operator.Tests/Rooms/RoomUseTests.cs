using BuildIt.Operator.Api;
using BuildIt.Operator.Rooms;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Nothing is counted twice and nothing is lost, however often it is written and by whom.</summary>
public sealed class RoomUseTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly UsagePrices Prices = new(
        new Dictionary<string, CostSpec> { ["east"] = new CostSpec { EgressGigabyte = 0.05, Currency = "EUR" }, ["west"] = new CostSpec { EgressGigabyte = 0.1, Currency = "USD" }, ["north"] = new CostSpec { EgressGigabyte = 1, Currency = "EUR" } },
        [Link("east", "north", 0.02), Link("east", "north", 9, priority: 50), Link("west", "east", 0.03)]);

    [Fact]
    public void Counts_of_a_stay_only_grow_and_writing_them_again_adds_nothing()
    {
        var first = Merge(null, Seat("a/1/x", 60, 1_000, 2_000));
        Assert.Equal((1.0, 1_000L, 2_000L), (first.ParticipantMinutes, first.IngressBytes, first.EgressBytes));
        Assert.Equal(first, Merge(first, Seat("a/1/x", 60, 1_000, 2_000)) with { Seats = first.Seats });

        // The operator starts again, and a report that it had is overtaken by an older one.
        Assert.Equal(2_000, Merge(first, Seat("a/1/x", 30, 500, 1_000)).EgressBytes);
        Assert.Equal(2_000, Merge(first).EgressBytes);
        Assert.Equal(3_000, Merge(first, Seat("a/1/x", 90, 1_500, 3_000)).EgressBytes);
    }

    [Fact]
    public void Every_move_and_every_start_of_a_container_is_a_stay_of_its_own()
    {
        var usage = Merge(Merge(Merge(null, Seat("a/1/x", 60, 0, 1)), Seat("a/1/y", 60, 0, 10)), Seat("b/2/z", 60, 0, 100));

        Assert.Equal((3.0, 111L), (usage.ParticipantMinutes, usage.EgressBytes));
        Assert.Equal(["a/1/x", "a/1/y", "b/2/z"], usage.Seats.Select(seat => seat.Id));
    }

    [Fact]
    public void A_room_that_moves_for_ever_stays_small_and_keeps_its_sums()
    {
        ConferenceUsage? usage = null;
        for (var move = 1; move <= 500; move++)
        {
            usage = Merge(usage, Seat($"pod{move}/{move}/x", 60, 10, 100));
        }

        Assert.Equal(RoomUse.MostSeats + 1, usage!.Seats.Count);
        Assert.Equal((500.0, 5_000L, 50_000L), (usage.ParticipantMinutes, usage.IngressBytes, usage.EgressBytes));
    }

    [Fact]
    public void What_was_sent_has_its_price_where_fleets_say_it_in_one_currency()
    {
        var east = Merge(null, Seat("a/1/x", 0, 0, 3_000_000_000));
        Assert.Equal((0.15, "EUR"), (east.Cost, east.Currency));
        Assert.Equal((null, null), (Merge(null, Seat("a/1/x", 0, 0, 1, "nowhere")).Cost, Merge(null, Seat("a/1/x", 0, 0, 1, "nowhere")).Currency));
        Assert.Null(Merge(east, Seat("b/2/x", 0, 0, 1, "west")).Cost);

        // Its fleet is gone; the price it had stays.
        Assert.Equal(0.15, RoomUse.Merge(east, [], 0, new UsagePrices([], []), final: true, Now).Cost);
    }

    [Fact]
    public void What_crosses_a_link_is_counted_by_stay_and_fleet_and_has_the_price_of_the_link_that_is_used_first()
    {
        var first = Merge(null, Seat("a/1/x", "east", ("north", 3_000_000_000), ("south", 1_000_000_000)), Seat("b/1/x", "north", ("east", 2_000_000_000)));
        Assert.Equal((6_000_000_000, 0.1, "EUR"), (first.RelayBytes, first.Cost, first.Currency));

        // An older report, and one that has heard of one fleet only, take nothing away.
        var later = Merge(first, Seat("a/1/x", "east", ("north", 4_000_000_000)), Seat("b/1/x", "north", ("east", 1)));
        Assert.Equal((7_000_000_000, 0.12), (later.RelayBytes, later.Cost));
        Assert.Equal([("north", 4_000_000_000L), ("south", 1_000_000_000L)], later.Seats[0].Relays.Select(relay => (relay.Cluster, relay.Bytes)));
    }

    [Fact]
    public void Stays_that_become_one_keep_what_crossed_links()
    {
        ConferenceUsage? usage = null;
        for (var move = 1; move <= 100; move++)
        {
            usage = Merge(usage, Seat($"pod{move}/{move}/x", "east", ("north", 10_000_000)));
        }

        Assert.Equal((1_000_000_000L, 0.02), (usage!.RelayBytes, usage.Cost));
    }

    private static RegionLinkSpec Link(string a, string b, double cost, int priority = 100) => new()
    {
        A = new LinkEnd { ClusterRef = new ClusterReference { Name = a } },
        B = new LinkEnd { ClusterRef = new ClusterReference { Name = b } },
        Cost = cost,
        Priority = priority,
    };

    private static ConferenceUsage Merge(ConferenceUsage? written, params SeatCount[] seats) => RoomUse.Merge(written, seats, 0, Prices, final: false, Now);

    private static SeatCount Seat(string id, double seconds, long ingress, long egress, string cluster = "east") => new(id, cluster, seconds, ingress, egress, []);

    private static SeatCount Seat(string id, string cluster, params (string Cluster, long Bytes)[] relays) =>
        new(id, cluster, 0, 0, 0, [.. relays.Select(relay => new RelayUsage { Cluster = relay.Cluster, Bytes = relay.Bytes })]);
}
