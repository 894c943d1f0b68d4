using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Revocations this node has heard of, for the time the registry is away. Bounded: when it is full the oldest half goes, which
/// the registry still knows. Thread-safe.
/// </summary>
public sealed class RevocationList
{
    private const int Capacity = 50_000;

    private readonly ConcurrentDictionary<(RoomId Room, string Participant), DateTimeOffset> _revoked = new();

    public void Add(Revocation revocation)
    {
        _revoked.AddOrUpdate(
            (revocation.Room, revocation.Participant),
            revocation.NotBefore,
            (_, known) => known > revocation.NotBefore ? known : revocation.NotBefore);
        if (_revoked.Count > Capacity)
        {
            foreach (var (key, _) in _revoked.OrderBy(pair => pair.Value).Take(Capacity / 2))
            {
                _revoked.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Whether a token issued then counts no more. A token that does not say when counts as old.</summary>
    public bool Refuses(RoomId room, string participant, DateTimeOffset? issuedAt) =>
        _revoked.TryGetValue((room, participant), out var notBefore) && !(issuedAt >= notBefore);
}
