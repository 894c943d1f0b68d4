using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Rooms;

public sealed class RoomObserverTests
{
    private static readonly DateTimeOffset Heard = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The node tells no time, so that its clock can be as wrong as it likes.</summary>
    [Theory]
    [InlineData(19.0, RoomStep.Keep)]
    [InlineData(20.0, RoomStep.End)]
    [InlineData(-5.0, RoomStep.Keep)]
    [InlineData(1e300, RoomStep.Keep)]
    public void For_how_long_a_room_has_been_empty_counts_from_when_that_was_heard(double seconds, RoomStep step)
    {
        var report = new RoomReport { Room = new RoomId("room"), Generation = 1, EverJoined = true, EmptySeconds = seconds };
        var instance = new FleetInstance(
            new InstanceObservation { Name = "pod", Revision = "r", CreatedAt = Heard }, Liveness.Alive, null, [report], Heard);
        var fleet = new FleetView(new ObjectKey("ns", "fleet"), new SfuCluster(), new FleetSpec { Name = "fleet", Revision = "r" }, [instance], Held: false);
        var room = new ConferenceRoom
        {
            Metadata = new() { Name = "room", NamespaceProperty = "ns", CreationTimestamp = Heard.AddHours(-1).UtcDateTime },
            Status = new ConferenceRoomStatus
            {
                Phase = Api.RoomPhase.Ready,
                Generation = 1,
                Assignments = [new RoomAssignment { Cluster = "fleet", Instance = "pod" }],
            },
        };

        Assert.Equal(step, RoomPlanner.Plan(RoomObserver.Observe(room, [fleet], Heard.AddHours(-1)).Observation, Heard).Step);
    }
}
