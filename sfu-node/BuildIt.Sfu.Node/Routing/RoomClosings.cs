using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Rooms of this node that somebody with the right to it had ended here. A node writes neither objects nor routes: it tells the
/// operator by its heartbeat, and until the route says so too, the room is over here by this. Thread-safe.
/// </summary>
public sealed class RoomClosings
{
    private readonly ConcurrentDictionary<RoomId, long> _generations = new();

    public RoomClosings(RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        table.Learned += route =>
        {
            if (_generations.TryGetValue(route.Room, out var generation) && IsSettled(route, generation))
            {
                _generations.TryRemove(new(route.Room, generation));
            }
        };
    }

    /// <summary>The generations that are still to be ended everywhere.</summary>
    public IReadOnlyCollection<KeyValuePair<RoomId, long>> Pending => [.. _generations];

    /// <summary>The room is over at the generation of its route.</summary>
    public void Add(RoomRoute route) => _generations.AddOrUpdate(route.Room, route.Generation, (_, known) => Math.Max(known, route.Generation));

    /// <summary>Whether the room of a route was ended here, which its route does not say yet.</summary>
    public bool Has(RoomRoute route) => _generations.TryGetValue(route.Room, out var generation) && !IsSettled(route, generation);

    // A room of this name that was made afterwards has a higher generation.
    private static bool IsSettled(RoomRoute route, long generation) => route.Generation > generation || route.State == RoomRouteState.Ended;
}
