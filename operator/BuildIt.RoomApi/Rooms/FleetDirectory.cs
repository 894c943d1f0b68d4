using BuildIt.Operator.Api;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Regions;

namespace BuildIt.RoomApi.Rooms;

/// <summary>
/// The fleets there are. Read again after two seconds at most; while the API server is away, what was read last still
/// counts, so that joins go on. Thread-safe.
/// </summary>
public sealed class FleetDirectory(RoomStore rooms, RoomApiSettings settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile Picture? _last;

    public void Dispose() => _reading.Dispose();

    public async Task<IReadOnlyList<FleetView>> AllAsync(CancellationToken cancellation)
    {
        if (Fresh() is { } fresh)
        {
            return fresh;
        }

        await _reading.WaitAsync(cancellation);
        try
        {
            if (Fresh() is { } meanwhile)
            {
                return meanwhile;
            }

            var links = await rooms.LinksAsync(cancellation);
            var fleets = (await rooms.ClustersAsync(cancellation)).Select(cluster => View(cluster) with { LinkedTo = LinkedTo(cluster.Metadata.Name, links) }).ToList();
            _last = new Picture(fleets, time.GetTimestamp());
            return fleets;
        }
        catch (KubernetesUnavailableException) when (_last is not null)
        {
            return _last.Fleets;
        }
        finally
        {
            _reading.Release();
        }
    }

    private IReadOnlyList<FleetView>? Fresh() => _last is { } last && time.GetElapsedTime(last.At) < Freshness ? last.Fleets : null;

    private FleetView View(SfuCluster cluster) => new(
        cluster.Metadata.Name,
        cluster.Spec.Region,
        new Place(cluster.Spec.Geo?.Country, cluster.Spec.Geo?.Continent?.ToString() ?? (cluster.Spec.Geo?.Country is { } country ? Continents.Of(country) : null)),
        (cluster.Status?.Load?.UtilizationPercent ?? 0) / 100.0,
        cluster.Status is { ReadyReplicas: > 0 },
        cluster.Spec.Network.SignalHost is { Length: > 0 } host
            ? settings.EndpointTemplate.Replace("{host}", host, StringComparison.Ordinal)
            : settings.DefaultEndpoint);

    private static HashSet<string> LinkedTo(string cluster, IReadOnlyList<RegionLink> links)
    {
        var linked = new HashSet<string>(StringComparer.Ordinal);
        foreach (var link in links)
        {
            if (link is { Spec: { A.ClusterRef.Name: { } a, B.ClusterRef.Name: { } b }, Status.Conditions: { } conditions }
                && conditions.Any(condition => condition is { Type: RegionLinkConditions.Established, Status: "True" }))
            {
                if (a == cluster)
                {
                    linked.Add(b);
                }
                else if (b == cluster)
                {
                    linked.Add(a);
                }
            }
        }

        return linked;
    }

    private sealed record Picture(IReadOnlyList<FleetView> Fleets, long At);
}
