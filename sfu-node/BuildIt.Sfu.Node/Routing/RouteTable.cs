using System.Diagnostics.CodeAnalysis;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// The routes this node has seen: of each room the one with the highest generation, wherever it came from. What was learned is
/// not unlearned by a registry that has lost it. Bounded: routes of rooms that others serve are forgotten first. Thread-safe.
/// </summary>
public sealed class RouteTable(NodeId self, int capacity = RouteTable.DefaultCapacity)
{
    public const int DefaultCapacity = 20_000;

    private readonly Lock _lock = new();
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
        lock (_lock)
        {
            if (_routes.TryGetValue(route.Room, out var known))
            {
                // An end is not taken back by what was read before it.
                var (newest, newestAt) = known.Value;
                if (newest.Generation > route.Generation
                    || (newest.Generation == route.Generation && newest.State == RoomRouteState.Ended && route.State != RoomRouteState.Ended))
                {
                    current = newest;
                    return false;
                }

                if (newest.Generation == route.Generation)
                {
                    trueAt = Math.Max(trueAt, newestAt);
                }

                _order.Remove(known);
            }

            _routes[route.Room] = _order.AddLast(new Entry(route, trueAt));
            ShrinkNeedsLock();
            current = route;
        }

        Learned?.Invoke(route);
        return true;
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

    /// <summary>Rooms whose route names this node as their owner.</summary>
    public IReadOnlyList<RoomRoute> Own()
    {
        lock (_lock)
        {
            return [.. _order.Select(entry => entry.Route).Where(route => route.Node == self && route.State != RoomRouteState.Ended)];
        }
    }

    private void ShrinkNeedsLock()
    {
        for (var oldest = _order.First; oldest is not null && _order.Count > capacity;)
        {
            var next = oldest.Next;
            if (oldest.Value.Route.Node != self || oldest.Value.Route.State == RoomRouteState.Ended)
            {
                _routes.Remove(oldest.Value.Route.Room);
                _order.Remove(oldest);
            }

            oldest = next;
        }
    }

    private readonly record struct Entry(RoomRoute Route, long TrueAt);
}
