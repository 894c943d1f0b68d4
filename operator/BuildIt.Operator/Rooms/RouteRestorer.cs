using BuildIt.Operator.Api;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.Operator.Rooms;

/// <summary>Writes every route again, from the objects, when a registry is found new or emptied.</summary>
internal sealed class RouteRestorer(IObjectCache<ConferenceRoom> rooms, PublishedRoutes published, RoomTraces traces, LeaderElector leader) : IRegistryRestorer
{
    private const int Batch = 500;

    public async Task RestoreAsync(string ns, IDatabase database, CancellationToken cancellation)
    {
        var keys = new RegistryKeys(ns);
        foreach (var batch in rooms.List(ns).Select(traces.TracedRoute).OfType<RoomRoute>().Chunk(Batch))
        {
            await Task.WhenAll(batch.Select(route =>
                RouteScript.WriteAsync(database, keys, route, ContractJson.Write(route, ContractJson.Default.RoomRoute), leader.Term))).WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public IRegistryCheck Check(string ns) => new RouteCheck(ns, published);
}
