using System.Collections.Concurrent;
using System.Security.Cryptography;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>A route as it was last published.</summary>
/// <param name="Digest">Of the bytes that were written.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Ended">It says that the room is over: such a one goes by itself.</param>
/// <param name="At">When.</param>
internal sealed record PublishedRoute(string Digest, long Generation, bool Ended, DateTimeOffset At)
{
    public static PublishedRoute Of(RoomRoute route, byte[] json, DateTimeOffset at) =>
        new(DigestOf(json), route.Generation, route.State is RoomRouteState.Ended, at);

    public static string DigestOf(ReadOnlySpan<byte> json) => Convert.ToHexString(SHA256.HashData(json));
}

/// <summary>What this process has published: what registries should hold. Any thread.</summary>
internal sealed class PublishedRoutes
{
    private readonly ConcurrentDictionary<ObjectKey, PublishedRoute> _routes = new();

    /// <summary>Raised when a registry turns out not to hold what was written: the room has to be published again.</summary>
    public event Action<ObjectKey>? Lost;

    public PublishedRoute? Find(ObjectKey room) => _routes.GetValueOrDefault(room);

    public void Put(ObjectKey room, PublishedRoute route) => _routes[room] = route;

    public void Forget(ObjectKey room) => _routes.TryRemove(room, out _);

    /// <summary>Rooms of a namespace whose routes should be in its registries.</summary>
    public IEnumerable<ObjectKey> In(string ns) => _routes.Where(pair => pair.Key.Namespace == ns && !pair.Value.Ended).Select(pair => pair.Key);

    /// <summary>A registry does not hold this; nothing happens when something else has been published meanwhile.</summary>
    public bool Lose(ObjectKey room, PublishedRoute route)
    {
        if (!_routes.TryRemove(new(room, route)))
        {
            return false;
        }

        Lost?.Invoke(room);
        return true;
    }
}
