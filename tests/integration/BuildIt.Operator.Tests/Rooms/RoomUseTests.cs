using BuildIt.Operator.Api;
using BuildIt.Operator.Rooms;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Nothing is counted twice and nothing is lost, however often it is written and by whom.</summary>
public sealed class RoomUseTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, CostSpec> Costs = new() { ["east"] = new CostSpec { EgressGigabyte = 0.05, Currency = "EUR" }, ["west"] = new CostSpec { EgressGigabyte = 0.1, Currency = "USD" } };

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
        Assert.Equal(0.15, RoomUse.Merge(east, [], 0, new Dictionary<string, CostSpec>(), final: true, Now).Cost);
    }

    private static ConferenceUsage Merge(ConferenceUsage? written, params SeatCount[] seats) => RoomUse.Merge(written, seats, 0, Costs, final: false, Now);

    private static SeatCount Seat(string id, double seconds, long ingress, long egress, string cluster = "east") => new(id, cluster, seconds, ingress, egress);
}
