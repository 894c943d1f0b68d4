namespace BuildIt.Sfu.Contracts.Tests;

public sealed class RoomRouteTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("c", true)]
    [InlineData("b", false)]
    [InlineData("z", false)]
    public void Only_the_owner_and_the_edges_are_named(string node, bool named) =>
        Assert.Equal(named, Samples.Route().Names(new NodeId(node)));
}
