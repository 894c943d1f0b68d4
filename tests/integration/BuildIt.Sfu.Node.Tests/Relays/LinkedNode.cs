using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Testing;

namespace BuildIt.Sfu.Node.Tests.Relays;

/// <summary>A node of a fleet with an authority of its own, to which this gives the operator's orders.</summary>
internal sealed record LinkedNode(FleetNode Node, int Control, FleetAuthority Authority, Heartbeat Heartbeat) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="region">Where it reports.</param>
    /// <param name="cluster">Its fleet.</param>
    /// <param name="authority">Who makes its certificates.</param>
    /// <param name="believed">Authorities of linked fleets.</param>
    public static async Task<LinkedNode> StartAsync(RegionFixture region, string cluster, FleetAuthority authority, params FleetAuthority[] believed)
    {
        var control = FreePort.NextTcp();
        var node = await FleetNode.StartAsync($"node-{cluster}-{Guid.NewGuid():N}", region.Redis.Address, new Dictionary<string, string?>
        {
            [NodeEnvironment.Cluster] = cluster,
            [NodeEnvironment.ControlTlsDirectory] = authority.MakeNodeFolder(cluster, believed),
            [NodeEnvironment.ControlPort] = $"{control}",
        });
        var heartbeat = await Eventually.HasAsync(
            async () => await region.HeartbeatAsync(node) is { Endpoints.Relay: not null, Sequence: > 1 } known ? known : null, Patience, "the node reports where it takes links");
        return new LinkedNode(node, control, authority, heartbeat);
    }

    public async Task SendAsync(LinkOrders orders)
    {
        using var certificate = Authority.MakeOperator();
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        handler.ClientCertificates.Add(certificate);
        using var http = new HttpClient(handler);
        using var response = await http.PutAsync(
            new Uri($"https://127.0.0.1:{Control}{NodePaths.Links}"), new ByteArrayContent(ContractJson.Write(orders, ContractJson.Default.LinkOrders)));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
