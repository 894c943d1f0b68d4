using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Operator.Rooms;

/// <summary>How a publication ended.</summary>
/// <param name="Written">Every registry has the route whose fleets serve the room.</param>
/// <param name="NewerGeneration">A registry has a route of this generation, which is higher; 0 when none has.</param>
internal readonly record struct Publication(bool Written, long NewerGeneration);

/// <summary>
/// Brings routes to all registries of a namespace, so that people may join in any region, and to the nodes they concern directly, so that
/// a change takes effect at once. A route that was published is not published again until it changes, or a registry is found without it.
/// One that is away holds up only the rooms that its own fleets serve: it is given what it lacks when it is back. Any thread.
/// </summary>
internal sealed partial class RoutePublisher(
    RegistryHub registries, PublishedRoutes published, NodeProber prober, FleetDirectory directory, LeaderElector leader, TimeProvider time,
    ILogger<RoutePublisher> log)
{
    /// <summary>Raised when a node that was told of a route knows a newer one, which it answers with.</summary>
    public event Action<ObjectKey, RoomRoute>? Refused;

    /// <summary>When the route was last brought to the registry; null when this process never did.</summary>
    public DateTimeOffset? PublishedAt(ObjectKey room) => published.Find(room)?.At;

    /// <summary>Publishes a room's route where that is new.</summary>
    /// <param name="ns">The room's namespace.</param>
    /// <param name="route">The route.</param>
    /// <param name="clusters">The fleets that serve the room; empty when that is not known.</param>
    /// <param name="previous">The pod that had the room before; it is told too.</param>
    /// <param name="again">Publish although nothing has changed: the owner seems not to have heard.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<Publication> PublishAsync(
        string ns, RoomRoute route, IReadOnlyCollection<string> clusters, string? previous, bool again, CancellationToken cancellation)
    {
        var key = new ObjectKey(ns, route.Room.Value);
        var json = ContractJson.Write(route, ContractJson.Default.RoomRoute);
        var now = PublishedRoute.Of(route, json, time.GetUtcNow());
        var known = published.Find(key);
        if (!again && known?.Digest == now.Digest)
        {
            return new Publication(true, 0);
        }

        using var span = RoomTraces.Publishing();
        var (written, newer) = await WriteAsync(ns, route, json, clusters, cancellation).ConfigureAwait(false);
        if (written)
        {
            published.Put(key, now);
        }

        if (MayTell(route, written, known) && (!written || again || previous is not null))
        {
            TellNodes(ns, route, previous);
        }

        return new Publication(written, newer);
    }

    /// <summary>Says that a room without an object is over, at a generation.</summary>
    /// <returns>True when every registry of the namespace has it.</returns>
    public async Task<bool> EndAsync(ObjectKey room, long generation)
    {
        // Nobody has it: the name only has to be one that no pod bears.
        var route = new RoomRoute
        {
            Room = new RoomId(room.Name),
            Node = new NodeId("nobody"),
            Generation = generation,
            Endpoint = string.Empty,
            State = RoomRouteState.Ended,
        };
        var (written, _) = await WriteAsync(room.Namespace, route, ContractJson.Write(route, ContractJson.Default.RoomRoute), [], CancellationToken.None).ConfigureAwait(false);
        return written;
    }

    /// <summary>Forgets a room that is gone.</summary>
    public void Forget(ObjectKey room) => published.Forget(room);

    private async Task<(bool Written, long Newer)> WriteAsync(
        string ns, RoomRoute route, byte[] json, IReadOnlyCollection<string> clusters, CancellationToken cancellation)
    {
        var watchers = registries.InNamespace(ns);
        var serving = watchers.Count < 2 ? [] : clusters.Select(cluster => registries.Of(new ObjectKey(ns, cluster))).OfType<RegistryWatcher>().ToHashSet();

        // Asked again for each write: who no longer leads has no say, here as in Kubernetes.
        var written = watchers.Count > 0 && leader.MayWrite;
        long newer = 0;
        foreach (var watcher in watchers)
        {
            try
            {
                if (watcher.Database is not { } database || !leader.MayWrite)
                {
                    written &= !IsNeeded(watcher);
                    continue;
                }

                newer = Math.Max(newer, await RouteScript.WriteAsync(database, new RegistryKeys(ns), route, json, leader.Term).WaitAsync(cancellation).ConfigureAwait(false));
            }
            catch (Exception away) when (away is RedisException or TimeoutException or ObjectDisposedException)
            {
                written &= !IsNeeded(watcher);
            }
        }

        return (written && leader.MayWrite && newer == 0, newer);

        // Who has the room has to hear of it there; of others it is enough that they hear of it some day.
        bool IsNeeded(RegistryWatcher watcher) => serving.Count == 0 || serving.Contains(watcher);
    }

    /// <summary>
    /// A new owner is told of a placement only once the registry has it: whoever had the room before may still be there, and would
    /// go on by what the registry says. What changes within a placement, or ends it, can be told in any case.
    /// </summary>
    private static bool MayTell(RoomRoute route, bool written, PublishedRoute? known) =>
        written || route.Generation == known?.Generation || route.State is RoomRouteState.Ended;

    // Where the registry has the route it announces it to the nodes; they are told directly as well where one gives the room up, or
    // seems not to have heard. Not waited for: the registry tells them too, and a dead node would only cost time.
    private void TellNodes(string ns, RoomRoute route, string? previous)
    {
        foreach (var fleet in directory.All.Where(fleet => fleet.Key.Namespace == ns))
        {
            if (prober.Of(fleet.Key) is not { Client: { } client } nodes)
            {
                continue;
            }

            foreach (var node in nodes.Nodes.Where(node => node.Address.Instance == previous || route.Names(new NodeId(node.Address.Instance))))
            {
                _ = TellAsync(client, node.Address, ns, route);
            }
        }
    }

    private async Task TellAsync(NodeClient client, NodeAddress node, string ns, RoomRoute route)
    {
        try
        {
            if (await client.RouteAsync(node, route, CancellationToken.None).ConfigureAwait(false) is { } believed && believed.Room == route.Room)
            {
                Refused?.Invoke(new ObjectKey(ns, route.Room.Value), believed);
            }
        }
        catch (ObjectDisposedException)
        {
            // The fleet has gone meanwhile.
        }
#pragma warning disable CA1031 // Nobody waits for this: a failure must not end the process, and the registry tells the node too.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogUntold(failure, node.Instance);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} could not be told of a route")]
    private partial void LogUntold(Exception failure, string instance);
}
