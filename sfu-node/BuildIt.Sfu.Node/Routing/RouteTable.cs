using System.Diagnostics.CodeAnalysis;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// The routes this node has seen: of each room the one with the highest generation, wherever it came from. What was learned is
/// not unlearned by a registry that has lost it. A route that is refused for being older is remembered as a fence, until one
/// comes that is not. Bounded: routes of rooms that others serve are forgotten first. Thread-safe.
/// </summary>
public sealed class RouteTable(NodeId self, int capacity = RouteTable.DefaultCapacity)
{
    public const int DefaultCapacity = 20_000;

    /// <summary>More than these are not told of at once: a heartbeat has a limit. The others follow when these are settled.</summary>
    public const int MaxFences = 500;

    private readonly Lock _lock = new();
    private readonly Dictionary<RoomId, List<Action<RoomRoute>>> _followers = [];
    private readonly HashSet<RoomId> _fenced = [];
    private readonly Dictionary<RoomId, LinkedListNode<Entry>> _routes = [];

    // Least recently learned first.
    private readonly LinkedList<Entry> _order = [];

    /// <summary>Raised with every route that is taken in, on the thread that does it.</summary>
    public event Action<RoomRoute>? Learned;

    public NodeId Self => self;

    /// <summary>Takes a route in, unless one of a higher generation is known.</summary>
    /// <param name="route">What was read or told.</param>
    /// <param name="current">The route that holds now: this one or the newer.</param>
    /// <param name="trueAt">A timestamp at which the route was certainly the newest there was; left out when that is not known.</param>
    /// <returns>False when a newer one is known.</returns>
    public bool Learn(RoomRoute route, out RoomRoute current, long trueAt = long.MinValue)
    {
        IReadOnlyList<Action<RoomRoute>> followers;
        lock (_lock)
        {
            if (_routes.TryGetValue(route.Room, out var known))
            {
                // An end is not taken back by what was read before it.
                var (newest, newestAt) = known.Value;
                if (newest.IsNewerThan(route)
                    || (newest.Generation == route.Generation && newest.State == RoomRouteState.Ended && route.State != RoomRouteState.Ended))
                {
                    current = newest;
                    if (_fenced.Count < MaxFences)
                    {
                        _fenced.Add(route.Room);
                    }

                    return false;
                }

                if (newest.Generation == route.Generation && newest.Revision == route.Revision)
                {
                    trueAt = Math.Max(trueAt, newestAt);
                }

                _order.Remove(known);
            }

            _routes[route.Room] = _order.AddLast(new Entry(route, trueAt));
            _fenced.Remove(route.Room);
            ShrinkNeedsLock();
            current = route;
            followers = _followers.TryGetValue(route.Room, out var some) ? [.. some] : [];
        }

        Learned?.Invoke(route);
        foreach (var follower in followers)
        {
            follower(route);
        }

        return true;
    }

    /// <summary>
    /// Calls back with every route of one room that is taken in from now on, on the thread that does it. The room counts as
    /// <see cref="Concerned"/> meanwhile.
    /// </summary>
    /// <returns>Ends it.</returns>
    public IDisposable Follow(RoomId room, Action<RoomRoute> learned)
    {
        lock (_lock)
        {
            (_followers.TryGetValue(room, out var known) ? known : _followers[room] = []).Add(learned);
        }

        return new Following(this, room, learned);
    }

    /// <summary>Rooms whose route matters here although others serve them: somebody waits for a change, or it is fenced.</summary>
    public IReadOnlyCollection<RoomId> Concerned()
    {
        lock (_lock)
        {
            return [.. _followers.Keys.Union(_fenced)];
        }
    }

    /// <summary>
    /// Rooms of which the last route that came was refused, with the lowest generation that would not be. At an equal generation
    /// an end is not taken back.
    /// </summary>
    public IReadOnlyList<RoomFence> Fences()
    {
        lock (_lock)
        {
            var fences = new List<RoomFence>(_fenced.Count);
            foreach (var room in _fenced)
            {
                if (_routes.TryGetValue(room, out var known))
                {
                    var (newest, _) = known.Value;
                    fences.Add(new RoomFence { Room = room, Generation = newest.Generation + (newest.State == RoomRouteState.Ended ? 1 : 0) });
                }
            }

            return fences;
        }
    }

    public bool TryFind(RoomId room, [NotNullWhen(true)] out RoomRoute? route) => TryFind(room, out route, out _);

    /// <param name="room">The room.</param>
    /// <param name="route">Its newest known route.</param>
    /// <param name="trueAt">The last timestamp at which that was certainly the newest there was; the smallest number when never.</param>
    public bool TryFind(RoomId room, [NotNullWhen(true)] out RoomRoute? route, out long trueAt)
    {
        lock (_lock)
        {
            (route, trueAt) = _routes.TryGetValue(room, out var known) ? known.Value : new Entry(null!, long.MinValue);
            return route is not null;
        }
    }

    /// <summary>Rooms in which this node has a seat.</summary>
    public IReadOnlyList<RoomRoute> Own()
    {
        lock (_lock)
        {
            return [.. _order.Select(entry => entry.Route).Where(route => route.Names(self) && route.State != RoomRouteState.Ended)];
        }
    }

    private void ShrinkNeedsLock()
    {
        for (var oldest = _order.First; oldest is not null && _order.Count > capacity;)
        {
            var next = oldest.Next;
            if (!oldest.Value.Route.Names(self) || oldest.Value.Route.State == RoomRouteState.Ended)
            {
                _routes.Remove(oldest.Value.Route.Room);
                _fenced.Remove(oldest.Value.Route.Room);
                _order.Remove(oldest);
            }

            oldest = next;
        }
    }

    private void Leave(RoomId room, Action<RoomRoute> learned)
    {
        lock (_lock)
        {
            if (_followers.TryGetValue(room, out var known) && known.Remove(learned) && known.Count == 0)
            {
                _followers.Remove(room);
            }
        }
    }

    private sealed class Following(RouteTable table, RoomId room, Action<RoomRoute> learned) : IDisposable
    {
        public void Dispose() => table.Leave(room, learned);
    }

    private readonly record struct Entry(RoomRoute Route, long TrueAt);
}
