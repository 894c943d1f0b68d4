using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Tests.Routing;

namespace BuildIt.Sfu.Node.Tests.Relays;

/// <summary>Links that nodes keep because they were ordered to, between fleets that believe each other's authorities.</summary>
public sealed class OrderedLinkTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Nodes_of_two_linked_fleets_measure_the_path_between_them()
    {
        using var east = new FleetAuthority(FleetNode.Scope);
        using var west = new FleetAuthority(FleetNode.Scope);
        await using var a = await NodeAsync("east", east, west);
        await using var b = await NodeAsync("west", west, east);
        await OrderAsync(a, b);

        var report = await Eventually.HasAsync(
            async () => await LinkAsync(a, b) is { State: LinkState.Up, RoundTripMilliseconds: not null, LossFraction: not null } up ? up : null, Patience, "the link is up and measured");
        Assert.InRange(report.RoundTripMilliseconds!.Value, 0.01, 1000);
        Assert.True(report.Ordered);
        Assert.Equal(0, report.Rooms);
        await Eventually.IsAsync(async () => await LinkAsync(b, a) is { State: LinkState.Up, RoundTripMilliseconds: not null }, Patience, "the other end measures too");

        // Orders that leave it out end it.
        await a.SendAsync(new LinkOrders());
        await Eventually.IsAsync(async () => await LinkAsync(a, b) is null, Patience, "the link is no more");
    }

    [Fact]
    public async Task A_fleet_that_is_not_linked_is_refused_and_both_say_why()
    {
        using var east = new FleetAuthority(FleetNode.Scope);
        using var west = new FleetAuthority(FleetNode.Scope);
        await using var a = await NodeAsync("east", east, west);
        await using var b = await NodeAsync("west", west);
        await OrderAsync(a, b);
        var report = await Eventually.HasAsync(async () => await LinkAsync(a, b) is { State: LinkState.Refused } refused ? refused : null, Patience, "the link is refused");
        Assert.Contains("certificate", report.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_another_fleet_of_the_same_authority_does_not_pass_for_this_one()
    {
        using var authority = new FleetAuthority(FleetNode.Scope);
        await using var a = await NodeAsync("east", authority);
        await using var b = await NodeAsync("west", authority);
        await OrderAsync(a, b, clusterOfB: "north");
        var report = await Eventually.HasAsync(async () => await LinkAsync(a, b) is { State: LinkState.Refused } refused ? refused : null, Patience, "the link is refused");
        Assert.Contains("certificate", report.Reason, StringComparison.Ordinal);
    }

    private Task<LinkedNode> NodeAsync(string cluster, FleetAuthority authority, params FleetAuthority[] believed) =>
        LinkedNode.StartAsync(region, cluster, authority, believed);

    private static async Task OrderAsync(LinkedNode a, LinkedNode b, string? clusterOfB = null)
    {
        await b.SendAsync(new LinkOrders { Links = [Order(a, opens: false)] });
        await a.SendAsync(new LinkOrders { Links = [Order(b, opens: true, clusterOfB)] });
    }

    private static LinkOrder Order(LinkedNode peer, bool opens, string? cluster = null) => new()
    {
        Peer = peer.Node.Id,
        Cluster = cluster ?? peer.Heartbeat.Cluster,
        Region = peer.Heartbeat.Region,
        Opens = opens,
        Relay = peer.Heartbeat.Endpoints.Relay,
        RelayFingerprint = peer.Heartbeat.Endpoints.RelayFingerprint,
        IntervalMilliseconds = 200,
    };

    private async Task<LinkReport?> LinkAsync(LinkedNode of, LinkedNode to) =>
        (await region.HeartbeatAsync(of.Node))?.Links.FirstOrDefault(link => link.Peer == to.Node.Id);
}
