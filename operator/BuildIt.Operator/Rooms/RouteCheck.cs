using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Compares what one registry holds with what was written to it, a part with every reading: a replica that was promoted may lack
/// what the primary had acknowledged. What differs is published again by the room's own reconciler, which alone writes it.
/// </summary>
internal sealed class RouteCheck(string ns, PublishedRoutes published) : IRegistryCheck
{
    /// <summary>Routes that are compared with one reading; all are, when there are no more.</summary>
    private const int Part = 2000;

    private readonly RegistryKeys _keys = new(ns);
    private readonly Queue<ObjectKey> _due = new();

    public async Task<int> RunAsync(IDatabase database)
    {
        if (_due.Count == 0)
        {
            foreach (var room in published.In(ns))
            {
                _due.Enqueue(room);
            }
        }

        var part = new List<(ObjectKey Room, PublishedRoute Route)>();
        while (part.Count < Part && _due.TryDequeue(out var room))
        {
            if (published.Find(room) is { Ended: false } route)
            {
                part.Add((room, route));
            }
        }

        if (part.Count == 0)
        {
            return 0;
        }

        var values = await database.StringGetAsync([.. part.Select(entry => (RedisKey)_keys.Route(new RoomId(entry.Room.Name)))], CommandFlags.DemandMaster)
            .ConfigureAwait(false);
        var lost = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (PublishedRoute.DigestOf(((ReadOnlyMemory<byte>)values[i]).Span) != part[i].Route.Digest && published.Lose(part[i].Room, part[i].Route))
            {
                lost++;
            }
        }

        return lost;
    }
}
