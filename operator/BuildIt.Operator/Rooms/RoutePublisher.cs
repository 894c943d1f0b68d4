using System.Collections.Concurrent;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Operator.Rooms;

/// <summary>How a publication ended.</summary>
/// <param name="Written">Every registry of the namespace has the route.</param>
/// <param name="NewerGeneration">A registry has a route of this generation, which is higher; 0 when none has.</param>
internal readonly record struct Publication(bool Written, long NewerGeneration);

/// <summary>
/// Brings routes to the registries, and to the nodes they concern directly, so that a change takes effect at once. A route that
/// was published is not published again until it changes, or the registry is found empty. Any thread.
/// </summary>
internal sealed partial class RoutePublisher(
    RegistryHub registries, NodeProber prober, FleetDirectory directory, TimeProvider time, ILogger<RoutePublisher> log)
{
    /// <summary>A route that has ended is kept so long, to tell whoever comes late.</summary>
    private static readonly TimeSpan EndedExpiry = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<ObjectKey, Published> _published = new();

    /// <summary>When the route was last brought to the registry; null when this process never did.</summary>
    public DateTimeOffset? PublishedAt(ObjectKey room) => _published.TryGetValue(room, out var known) ? known.At : null;

    /// <summary>Publishes a room's route where that is new.</summary>
    /// <param name="ns">The room's namespace.</param>
    /// <param name="route">The route.</param>
    /// <param name="previous">The pod that had the room before; it is told too.</param>
    /// <param name="again">Publish although nothing has changed: the owner seems not to have heard.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<Publication> PublishAsync(string ns, RoomRoute route, string? previous, bool again, CancellationToken cancellation)
    {
        var key = new ObjectKey(ns, route.Room.Value);
        var json = ContractJson.Write(route, ContractJson.Default.RoomRoute);
        var text = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(json));
        var known = _published.GetValueOrDefault(key);
        if (!again && known.Digest == text)
        {
            return new Publication(true, 0);
        }

        var watchers = registries.InNamespace(ns);
        var written = watchers.Count > 0;
        long newer = 0;
        foreach (var watcher in watchers)
        {
            try
            {
                if (watcher.Database is not { } database)
                {
                    written = false;
                    continue;
                }

                newer = Math.Max(newer, await WriteAsync(database, new RegistryKeys(ns), route, json).WaitAsync(cancellation).ConfigureAwait(false));
            }
            catch (Exception away) when (away is RedisException or TimeoutException or ObjectDisposedException)
            {
                written = false;
            }
        }

        written &= newer == 0;
        if (written)
        {
            _published[key] = new Published(text, route.Generation, time.GetUtcNow());
        }

        if (MayTell(route, written, known) && (!written || again || previous is not null))
        {
            TellNodes(ns, route, previous);
        }

        return new Publication(written, newer);
    }

    /// <summary>Forgets a room that is gone.</summary>
    public void Forget(ObjectKey room) => _published.TryRemove(room, out _);

    /// <summary>
    /// Writes a route unless a higher generation is there, or one that has ended at the same: nodes do not take an end back.
    /// Returns that generation, or 0.
    /// </summary>
    internal static async Task<long> WriteAsync(IDatabase database, RegistryKeys keys, RoomRoute route, byte[] json)
    {
        var ended = route.State is RoomRouteState.Ended;
        var result = await database.ScriptEvaluateAsync(
            WriteRoute,
            [keys.Route(route.Room), keys.PresenceOf(route.Room), keys.WaitingRoom(route.Room)],
            [json, route.Generation, ended ? (long)EndedExpiry.TotalSeconds : 0, keys.RouteChanges, route.Room.Value]).ConfigureAwait(false);
        return (long)result;
    }

    // Read, compared and written in one step: whoever holds an older placement cannot undo a newer one.
    private const string WriteRoute =
        """
        local known = redis.call('GET', KEYS[1])
        if known then
            local read, route = pcall(cjson.decode, known)
            if read and type(route) == 'table' and tonumber(route.generation) then
                local generation = tonumber(route.generation)
                local over = route.state == 'Ended' and tonumber(ARGV[3]) == 0
                if generation > tonumber(ARGV[2]) or (over and generation == tonumber(ARGV[2])) then
                    return generation
                end
            end
        end
        if tonumber(ARGV[3]) > 0 then
            redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
            redis.call('DEL', KEYS[2], KEYS[3])
        else
            redis.call('SET', KEYS[1], ARGV[1])
        end
        redis.call('PUBLISH', ARGV[4], ARGV[5])
        return 0
        """;

    /// <summary>
    /// A new owner is told of a placement only once the registry has it: whoever had the room before may still be there, and would
    /// go on by what the registry says. What changes within a placement, or ends it, can be told in any case.
    /// </summary>
    private static bool MayTell(RoomRoute route, bool written, Published known) =>
        written || route.Generation == known.Generation || route.State is RoomRouteState.Ended;

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

            foreach (var node in nodes.Nodes.Where(node => node.Address.Instance == route.Node.Value || node.Address.Instance == previous))
            {
                _ = TellAsync(client, node.Address, route);
            }
        }
    }

    private async Task TellAsync(NodeClient client, NodeAddress node, RoomRoute route)
    {
        try
        {
            await client.RouteAsync(node, route, CancellationToken.None).ConfigureAwait(false);
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

    private readonly record struct Published(string Digest, long Generation, DateTimeOffset At);
}
