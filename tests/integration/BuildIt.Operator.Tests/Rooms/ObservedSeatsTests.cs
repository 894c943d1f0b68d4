using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What several pods report of one room, and what follows for the whole of it.</summary>
public sealed class ObservedSeatsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly HashSet<string> AllPlanned = [];

    private readonly Dictionary<string, (RoomReport? Report, Liveness Liveness, bool Draining)> _pods = new(StringComparer.Ordinal);

    [Fact]
    public void The_people_of_all_pods_are_the_rooms()
    {
        Pod("a", Report(3));
        Pod("b", Report(2));

        var sum = ObservedSeats.Sum(Seats());

        Assert.Equal((5, 5), (sum!.Participants, sum.Publishers));
        Assert.Null(sum.EmptySeconds);
    }

    [Fact]
    public void A_room_is_empty_since_the_last_pod_has_been_and_only_when_every_pod_says_so()
    {
        Pod("a", Report(0) with { EmptySeconds = 90, EverJoined = true });
        Pod("b", Report(0) with { EmptySeconds = 5, EverJoined = true });
        Assert.Equal((0, 5.0), (ObservedSeats.Sum(Seats())!.Participants, ObservedSeats.Sum(Seats())!.EmptySeconds!.Value));

        Pod("b", null);
        Assert.Null(ObservedSeats.Sum(Seats()));

        Pod("b", null, Liveness.Dead);
        Assert.Equal(90, ObservedSeats.Sum(Seats())!.EmptySeconds);
    }

    [Fact]
    public void Without_the_origins_word_nothing_is_known()
    {
        Pod("a", null);
        Pod("b", Report(2));

        Assert.Null(ObservedSeats.Sum(Seats()));
    }

    [Fact]
    public void One_track_in_the_clear_anywhere_is_one_in_the_room()
    {
        Pod("a", Report(1) with { EndToEndEncrypted = true });
        Pod("b", Report(1) with { EndToEndEncrypted = false });
        Assert.False(ObservedSeats.Sum(Seats())!.EndToEndEncrypted);

        Pod("b", Report(0));
        Assert.True(ObservedSeats.Sum(Seats())!.EndToEndEncrypted);
    }

    [Fact]
    public void People_count_where_they_arrived_and_a_pod_cannot_have_more_than_it_counts()
    {
        Pod("a", Report(5) with { Arrivals = [new RegionArrivals { Region = "eu", Participants = 2, Publishers = 1 }, new RegionArrivals { Region = "ap", Participants = 99, Publishers = -4 }] });
        Pod("b", Report(1));

        Assert.Equal(
            [new RegionDemand("ap", 3, 0), new RegionDemand("eu", 2, 1), new RegionDemand("west", 1, 1)],
            ObservedSeats.Demand(Seats()));
    }

    [Fact]
    public void A_pod_that_is_dead_or_started_again_has_lost_its_seat_and_one_of_a_fleet_nobody_has_looked_at_has_not()
    {
        Pod("a", Report(1));
        Pod("b", null, Liveness.Restarting);
        Assert.Equal([SeatCondition.Serving, SeatCondition.Lost], Seats().Select(seat => seat.Condition));

        Pod("b", null, Liveness.Suspect);
        Assert.Equal(SeatCondition.Doubted, Seats()[1].Condition);

        Pod("b", Report(1), draining: true);
        Assert.Equal(SeatCondition.Leaving, Seats()[1].Condition);

        Assert.All(ObservedSeats.Of(Room(), [], new HashSet<string> { "fleet" }), seat => Assert.Equal(SeatCondition.Doubted, seat.Condition));
        Assert.All(ObservedSeats.Of(Room(), [], AllPlanned), seat => Assert.Equal(SeatCondition.Lost, seat.Condition));
    }

    [Fact]
    public void An_edge_that_never_takes_the_room_has_nobody_on_it_after_a_while()
    {
        Pod("a", Report(1));
        Pod("b", null);

        Assert.Null(ObservedSeats.ForPlanning(Seats(), _ => default, Now.AddSeconds(29))[1].People);
        Assert.Equal(0, ObservedSeats.ForPlanning(Seats(), _ => default, Now.AddSeconds(31))[1].People);
    }

    [Fact]
    public void An_edge_has_been_without_its_parent_for_as_long_as_its_pod_says_and_no_longer_than_it_could()
    {
        Pod("a", Report(1));
        Pod("b", Report(1) with { ParentConnected = true });
        var feedings = SeatFeeding.Follow(Seats(), null, Now);
        Pod("b", Report(1) with { ParentConnected = false, ParentSilentSeconds = 1.25 });
        var silent = SeatFeeding.Follow(Seats(), feedings, Now.AddMilliseconds(50));
        Assert.Equal(new SeatFeeding(Now.AddSeconds(-1.25), WasConnected: true), silent![("b", "a")]);

        // Since then it says so again, and later that it has given the link up.
        Pod("b", Report(1) with { ParentConnected = false });
        Assert.Equal(silent, SeatFeeding.Follow(Seats(), silent, Now.AddSeconds(2)));
        Assert.Equal(Now.AddSeconds(2), SeatFeeding.Follow(Seats(), feedings, Now.AddSeconds(2))![("b", "a")].CutOffSince);

        Pod("b", Report(1) with { ParentConnected = false, ParentSilentSeconds = 1e9 });
        Assert.Equal(Now.AddSeconds(-2), SeatFeeding.Follow(Seats(), feedings, Now)![("b", "a")].CutOffSince);
        Pod("b", Report(1) with { ParentConnected = true });
        Assert.Null(SeatFeeding.Follow(Seats(), silent, Now)![("b", "a")].CutOffSince);
    }

    [Fact]
    public void What_is_of_another_generation_does_not_count()
    {
        Pod("a", Report(1));
        Pod("b", Report(4) with { Generation = 1 });

        Assert.Null(Seats()[1].Report);
    }

    private static RoomReport Report(int people) => new()
    {
        Room = new RoomId("room"),
        Generation = 2,
        Participants = people,
        Publishers = people,
        EverJoined = people > 0,
        EndToEndEncrypted = people > 0,
        EmptySeconds = people > 0 ? null : 1,
    };

    private void Pod(string name, RoomReport? report, Liveness liveness = Liveness.Alive, bool draining = false) => _pods[name] = (report, liveness, draining);

    private IReadOnlyList<ObservedSeat> Seats() => ObservedSeats.Of(
        Room(),
        [
            new FleetView(
                new ObjectKey("ns", "fleet"),
                new SfuCluster(),
                new FleetSpec { Name = "fleet", Revision = "r" },
                [
                    .. _pods.OrderBy(pod => pod.Key, StringComparer.Ordinal).Select(pod => new FleetInstance(
                        new InstanceObservation { Name = pod.Key, Revision = "r", CreatedAt = Now, DrainStartedAt = pod.Value.Draining ? Now : null },
                        pod.Value.Liveness,
                        null,
                        pod.Value.Report is { } report ? [report] : [],
                        Now)),
                ],
                Held: false),
        ],
        AllPlanned);

    private static ConferenceRoom Room() => new()
    {
        Metadata = new() { Name = "room", NamespaceProperty = "ns" },
        Status = new ConferenceRoomStatus
        {
            Phase = Api.RoomPhase.Ready,
            Generation = 2,
            Assignments =
            [
                new RoomAssignment { Cluster = "fleet", Instance = "b", Region = "west", Role = AssignmentRole.Edge, Parent = "a", Since = Now.UtcDateTime },
                new RoomAssignment { Cluster = "fleet", Instance = "a", Region = "west", Role = AssignmentRole.Origin },
            ],
        },
    };
}
