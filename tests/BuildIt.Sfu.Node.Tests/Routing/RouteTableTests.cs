using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Routing;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Sfu.Node.Tests.Routing;

public class RouteTableTests
{
    private static readonly NodeId Self = new("self");

    [Fact]
    public void The_highest_generation_holds_wherever_it_came_from()
    {
        var table = new RouteTable(Self);
        Assert.True(table.Learn(Route("room", 3), out _));
        Assert.False(table.Learn(Route("room", 2, "other"), out var current));
        Assert.Equal((3, Self), (current.Generation, current.Node));
        Assert.True(table.Learn(Route("room", 3) with { Limits = new RoomLimits(Locked: true) }, out _));
        Assert.True(table.TryFind(new RoomId("room"), out var route) && route.Limits.Locked);
        Assert.True(table.Learn(Route("room", 4, "other"), out _));
        Assert.Empty(table.Own());
    }

    [Fact]
    public void An_end_is_not_taken_back_within_its_generation()
    {
        var table = new RouteTable(Self);
        table.Learn(Route("room", 3) with { State = RoomRouteState.Ended }, out _);
        Assert.False(table.Learn(Route("room", 3), out var current));
        Assert.Equal(RoomRouteState.Ended, current.State);
        Assert.True(table.Learn(Route("room", 4), out _));
    }

    [Fact]
    public void Memory_is_bounded_and_own_rooms_are_kept()
    {
        var table = new RouteTable(Self, capacity: 10);
        table.Learn(Route("mine", 1), out _);
        for (var i = 0; i < 1000; i++)
        {
            table.Learn(Route($"room-{i}", 1, "other"), out _);
        }

        Assert.True(table.TryFind(new RoomId("mine"), out _));
        Assert.True(table.TryFind(new RoomId("room-999"), out _));
        Assert.False(table.TryFind(new RoomId("room-0"), out _));
    }

    [Fact]
    public void A_lease_runs_out_unless_it_is_renewed_and_never_shrinks()
    {
        var time = new FakeTimeProvider();
        var lease = new ServingLease(time);
        Assert.False(lease.Held);
        lease.Renew(time.GetTimestamp(), TimeSpan.FromSeconds(5));
        lease.Renew(time.GetTimestamp(), TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.True(lease.Held);
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.False(lease.Held);
    }

    private static RoomRoute Route(string room, long generation, string node = "self") => new()
    {
        Room = new RoomId(room),
        Node = new NodeId(node),
        Generation = generation,
        Endpoint = "http://127.0.0.1:1",
    };
}
