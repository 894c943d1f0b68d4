using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Node.State;
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
    public void What_was_refused_is_a_fence_until_something_newer_comes()
    {
        var table = new RouteTable(Self);
        table.Learn(Route("moved", 3, "other"), out _);
        table.Learn(Route("ended", 1, "other") with { State = RoomRouteState.Ended }, out _);
        Assert.Empty(table.Fences());
        Assert.False(table.Learn(Route("moved", 1), out _));
        Assert.False(table.Learn(Route("ended", 1), out _));
        Assert.Equal([("ended", 2L), ("moved", 3L)], table.Fences().Select(fence => (fence.Room.Value, fence.Generation)).Order());
        Assert.Equal(["ended", "moved"], table.Concerned().Select(room => room.Value).Order(StringComparer.Ordinal));

        table.Learn(Route("moved", 3), out _);
        table.Learn(Route("ended", 2), out _);
        Assert.Empty(table.Fences());
        Assert.Empty(table.Concerned());
    }

    [Fact]
    public void Fences_are_bounded()
    {
        var table = new RouteTable(Self);
        for (var i = 0; i < RouteTable.MaxFences + 10; i++)
        {
            table.Learn(Route($"room-{i}", 2), out _);
            table.Learn(Route($"room-{i}", 1), out _);
        }

        Assert.Equal(RouteTable.MaxFences, table.Fences().Count);
    }

    [Fact]
    public void Whoever_follows_a_room_hears_of_it_alone_and_until_they_leave()
    {
        var table = new RouteTable(Self);
        var heard = new List<long>();
        var following = table.Follow(new RoomId("room"), route => heard.Add(route.Generation));
        Assert.Equal([new RoomId("room")], table.Concerned());
        table.Learn(Route("another", 7), out _);
        table.Learn(Route("room", 1), out _);
        table.Learn(Route("room", 2), out _);
        table.Learn(Route("room", 1), out _);
        following.Dispose();
        table.Learn(Route("room", 3), out _);
        Assert.Equal([1, 2], heard);
        Assert.Empty(table.Concerned());
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

    [Fact]
    public void A_lease_that_lapsed_vouches_for_nothing_that_was_known_before()
    {
        var time = new FakeTimeProvider();
        var lease = new ServingLease(time);
        lease.Renew(time.GetTimestamp(), TimeSpan.FromSeconds(5));
        var known = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(4));
        lease.Renew(time.GetTimestamp(), TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.True(lease.HeldSince(known));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(lease.HeldSince(known));

        var sent = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(1));
        lease.Renew(sent, TimeSpan.FromSeconds(5));
        Assert.True(lease.Held);
        Assert.False(lease.HeldSince(known));
        Assert.False(lease.HeldSince(sent));
        Assert.True(lease.HeldSince(time.GetTimestamp()));
        Assert.False(lease.HeldSince(long.MinValue));
    }

    [Fact]
    public void A_route_remembers_when_it_was_last_true()
    {
        var table = new RouteTable(Self);
        table.Learn(Route("room", 3), out _, trueAt: 10);
        table.Learn(Route("room", 3), out _);
        Assert.True(table.TryFind(new RoomId("room"), out _, out var trueAt));
        Assert.Equal(10, trueAt);
        table.Learn(Route("room", 3), out _, trueAt: 20);
        table.Learn(Route("room", 2), out _, trueAt: 30);
        Assert.True(table.TryFind(new RoomId("room"), out _, out trueAt));
        Assert.Equal(20, trueAt);
        table.Learn(Route("room", 4), out _);
        Assert.True(table.TryFind(new RoomId("room"), out _, out trueAt));
        Assert.Equal(long.MinValue, trueAt);
    }

    private static RoomRoute Route(string room, long generation, string node = "self") => new()
    {
        Room = new RoomId(room),
        Node = new NodeId(node),
        Generation = generation,
        Endpoint = "http://127.0.0.1:1",
    };
}
