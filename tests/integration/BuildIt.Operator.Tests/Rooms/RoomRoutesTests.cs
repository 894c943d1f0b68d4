using BuildIt.Operator.Api;
using BuildIt.Operator.Rooms;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>The routes that objects of rooms stand for.</summary>
public sealed class RoomRoutesTests
{
    [Fact]
    public void A_room_on_one_pod_has_a_route_without_seats() => Assert.Empty(RoomRoutes.Of(Room(Origin))!.Seats);

    [Fact]
    public void A_room_on_several_pods_has_a_seat_for_each_and_its_origin_where_there_was_one()
    {
        var route = RoomRoutes.Of(Room(Origin, Edge("b", "a")))!;

        Assert.Equal(("a", 3L, 7L), (route.Node.Value, route.Generation, route.Revision));
        var edge = route.SeatOf(new NodeId("b"))!;
        Assert.Equal((SeatRole.Edge, "a", "eu", "mid"), (edge.Role, edge.Parent!.Value.Value, edge.Region, edge.Cluster));
        Assert.Equal(("b:7884", "out:7884", "00ff", 10_000_000L, true), (edge.Relay, edge.RelayOutside, edge.RelayFingerprint, edge.MaxLinkBitsPerSecond, edge.Closed));
    }

    [Fact]
    public void Seats_that_are_no_tree_do_not_cost_the_room_its_origin()
    {
        var route = RoomRoutes.Of(Room(Origin, Edge("b", "c"), Edge("c", "b")))!;

        Assert.Empty(route.Seats);
        Assert.Equal("a", route.Node.Value);
    }

    [Fact]
    public void The_sid_is_one_for_an_objects_life_and_another_for_the_next_of_its_name()
    {
        var sid = RoomSids.Of("3f0a8a1e-0000-4000-8000-000000000001");

        Assert.Matches("^RM_[2-9A-HJ-NP-Za-km-z]{12}$", sid);
        Assert.Equal(sid, RoomSids.Of("3f0a8a1e-0000-4000-8000-000000000001"));
        Assert.NotEqual(sid, RoomSids.Of("3f0a8a1e-0000-4000-8000-000000000002"));
        Assert.Empty(RoomSids.Of(null));
    }

    private static readonly RoomAssignment Origin = new() { Cluster = "east", Instance = "a", Region = "us", Role = AssignmentRole.Origin, Endpoint = "http://a" };

    private static RoomAssignment Edge(string instance, string parent) => new()
    {
        Cluster = "mid",
        Instance = instance,
        Region = "eu",
        Role = AssignmentRole.Edge,
        Parent = parent,
        Endpoint = $"http://{instance}",
        Relay = $"{instance}:7884",
        RelayOutside = "out:7884",
        RelayFingerprint = "00ff",
        MaxLinkBandwidth = "10Mbps",
        Closed = true,
    };

    private static ConferenceRoom Room(params RoomAssignment[] assignments) => new()
    {
        Metadata = new() { Name = "room", NamespaceProperty = "ns", Uid = "uid" },
        Status = new ConferenceRoomStatus { Phase = RoomPhase.Ready, Generation = 3, Revision = 7, Assignments = assignments },
    };
}
