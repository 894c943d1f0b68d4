using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Testing;

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
        await SendAsync(a, new LinkOrders());
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

    private async Task<(FleetNode Node, int Control, FleetAuthority Authority)> StartAsync(string cluster, FleetAuthority authority, params FleetAuthority[] believed)
    {
        var control = FreePort.NextTcp();
        var node = await FleetNode.StartAsync($"node-{cluster}-{Guid.NewGuid():N}", region.Redis.Address, new Dictionary<string, string?>
        {
            [NodeEnvironment.Cluster] = cluster,
            [NodeEnvironment.ControlTlsDirectory] = authority.MakeNodeFolder(cluster, believed),
            [NodeEnvironment.ControlPort] = $"{control}",
        });
        return (node, control, authority);
    }

    private async Task<Member> NodeAsync(string cluster, FleetAuthority authority, params FleetAuthority[] believed)
    {
        var (node, control, _) = await StartAsync(cluster, authority, believed);
        var heartbeat = await Eventually.HasAsync(
            async () => await region.HeartbeatAsync(node) is { Endpoints.Relay: not null } known ? known : null, Patience, "the node reports where it takes links");
        return new Member(node, control, authority, heartbeat);
    }

    private static async Task OrderAsync(Member a, Member b, string? clusterOfB = null)
    {
        await SendAsync(b, new LinkOrders { Links = [Order(a, opens: false)] });
        await SendAsync(a, new LinkOrders { Links = [Order(b, opens: true, clusterOfB)] });
    }

    private static LinkOrder Order(Member peer, bool opens, string? cluster = null) => new()
    {
        Peer = peer.Node.Id,
        Cluster = cluster ?? peer.Heartbeat.Cluster,
        Region = peer.Heartbeat.Region,
        Opens = opens,
        Relay = peer.Heartbeat.Endpoints.Relay,
        RelayFingerprint = peer.Heartbeat.Endpoints.RelayFingerprint,
        IntervalMilliseconds = 200,
    };

    private static async Task SendAsync(Member to, LinkOrders orders)
    {
        using var certificate = to.Authority.MakeOperator();
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        handler.ClientCertificates.Add(certificate);
        using var http = new HttpClient(handler);
        using var response = await http.PutAsync(
            new Uri($"https://127.0.0.1:{to.Control}{NodePaths.Links}"), new ByteArrayContent(ContractJson.Write(orders, ContractJson.Default.LinkOrders)));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private async Task<LinkReport?> LinkAsync(Member of, Member to) =>
        (await region.HeartbeatAsync(of.Node))?.Links.FirstOrDefault(link => link.Peer == to.Node.Id);

    private sealed record Member(FleetNode Node, int Control, FleetAuthority Authority, Heartbeat Heartbeat) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }
}
