namespace BuildIt.Sfu.Contracts.Tests;

public sealed class RegistryKeysTests
{
    [Fact]
    public void Scopes_never_share_a_key()
    {
        var one = new RegistryKeys("team-a");
        var two = new RegistryKeys("team-b");

        Assert.NotEqual(one.Node(new NodeId("n")), two.Node(new NodeId("n")));
        Assert.NotEqual(one.Epoch, two.Epoch);
        Assert.NotEqual(one.RouteChanges, two.RouteChanges);
        Assert.NotEqual(one.EarlyHeartbeats, two.EarlyHeartbeats);
    }

    [Fact]
    public void All_keys_of_a_scope_share_the_hash_slot()
    {
        // Redis Cluster hashes what stands between the first braces, so that one script may touch several keys.
        var keys = new RegistryKeys("calls");

        Assert.All(
            new[] { keys.Epoch, keys.Nodes, keys.Node(new NodeId("n")), keys.Route(new RoomId("r")), keys.PresenceOf(new RoomId("r")) },
            key => Assert.StartsWith("buildit:{calls}:", key, StringComparison.Ordinal));
    }
}
