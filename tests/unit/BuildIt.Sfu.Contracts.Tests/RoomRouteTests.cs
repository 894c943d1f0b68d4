namespace BuildIt.Sfu.Contracts.Tests;

public sealed class RoomRouteTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("c", true)]
    [InlineData("b", false)]
    [InlineData("z", false)]
    public void Only_who_has_a_seat_is_named(string node, bool named) =>
        Assert.Equal(named, Samples.Route().Names(new NodeId(node)));

    [Fact]
    public void A_later_revision_of_a_generation_is_newer_and_a_later_generation_newer_than_any()
    {
        var route = Samples.Route();

        Assert.True((route with { Revision = route.Revision + 1 }).IsNewerThan(route));
        Assert.True((route with { Generation = route.Generation + 1, Revision = 0 }).IsNewerThan(route));
        Assert.False((route with { Generation = route.Generation - 1, Revision = 99 }).IsNewerThan(route));
        Assert.False(route.IsNewerThan(route));
    }

    public static TheoryData<bool, RoomSeat[]> Topologies => new()
    {
        { true, [] },
        { true, [Samples.Origin("a")] },
        { true, [Samples.Edge("c", "b"), Samples.Origin("a"), Samples.Edge("b", "a")] },

        // No origin, another's, two; an edge of nobody, of a stranger; a node twice; a circle beside the tree.
        { false, [Samples.Edge("b", "a")] },
        { false, [Samples.Origin("b")] },
        { false, [Samples.Origin("a"), Samples.Origin("b")] },
        { false, [Samples.Origin("a"), Samples.Edge("b", "a") with { Parent = null }] },
        { false, [Samples.Origin("a"), Samples.Edge("b", "z")] },
        { false, [Samples.Origin("a"), Samples.Edge("b", "a"), Samples.Edge("b", "a")] },
        { false, [Samples.Origin("a"), Samples.Edge("b", "c"), Samples.Edge("c", "b")] },
        { false, [Samples.Origin("a") with { Parent = new NodeId("b") }, Samples.Edge("b", "a")] },
        { false, [Samples.Origin("a"), .. Enumerable.Range(0, RoomRoute.MaxSeats).Select(i => Samples.Edge($"e{i}", "a"))] },
    };

    [Theory]
    [MemberData(nameof(Topologies))]
    public void Only_a_tree_is_read(bool isTree, RoomSeat[] seats)
    {
        var route = Samples.Route() with { Seats = seats };

        Assert.Equal(isTree, route.IsTree());
        Assert.Equal(isTree, ContractJson.TryRead(ContractJson.Write(route, ContractJson.Default.RoomRoute), ContractJson.Default.RoomRoute, out _));
    }
}
