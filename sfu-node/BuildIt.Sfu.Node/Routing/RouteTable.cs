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
    private readonly Dictionary<RoomId, LinkedListNode<RoomRoute>> _routes = [];

    // Least recently learned first.
    private readonly LinkedList<RoomRoute> _order = [];

    public NodeId Self => self;

    /// <summary>Takes a route in, unless one of a higher generation is known.</summary>
    /// <param name="route">What was read or told.</param>
    /// <param name="current">The route that holds now: this one or the newer.</param>
    /// <returns>False when a newer one is known.</returns>
    public bool Learn(RoomRoute route, out RoomRoute current)
    {
        lock (_lock)
        {
            if (_routes.TryGetValue(route.Room, out var known))
            {
                // An end is not taken back by what was read before it.
                if (known.Value.Generation > route.Generation
                    || (known.Value.Generation == route.Generation && known.Value.State == RoomRouteState.Ended && route.State != RoomRouteState.Ended))
                {
                    current = known.Value;
                    return false;
                }

                _order.Remove(known);
            }

            _routes[route.Room] = _order.AddLast(route);
            ShrinkNeedsLock();
            current = route;
            return true;
        }
    }

    public bool TryFind(RoomId room, [NotNullWhen(true)] out RoomRoute? route)
    {
        lock (_lock)
        {
            route = _routes.TryGetValue(room, out var known) ? known.Value : null;
            return route is not null;
        }
    }

    /// <summary>Rooms whose route names this node as their owner.</summary>
    public IReadOnlyList<RoomRoute> Own()
    {
        lock (_lock)
        {
            return [.. _order.Where(route => route.Node == self && route.State != RoomRouteState.Ended)];
        }
    }

    private void ShrinkNeedsLock()
    {
        for (var oldest = _order.First; oldest is not null && _order.Count > capacity;)
        {
            var next = oldest.Next;
            if (oldest.Value.Node != self || oldest.Value.State == RoomRouteState.Ended)
            {
                _routes.Remove(oldest.Value.Room);
                _order.Remove(oldest);
            }

            oldest = next;
        }
    }
}
