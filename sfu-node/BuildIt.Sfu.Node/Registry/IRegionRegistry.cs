using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Registry;

/// <summary>
/// What a node that belongs to a fleet asks of its region beyond <see cref="INodeRegistry"/>. Every member throws
/// <see cref="RegistryUnavailableException"/> when the registry does not answer. Thread-safe.
/// </summary>
public interface IRegionRegistry : INodeRegistry
{
    /// <summary>
    /// Calls back for every change from now on, also after the connection was lost and found again. What changes while it is
    /// lost is not told. A call that throws leaves nothing behind.
    /// </summary>
    Task WatchAsync(Action<RoomId> routeChanged, Action<Revocation> revoked);

    /// <summary>A room's route as it stands now.</summary>
    Task<RouteAnswer> LookUpAsync(RoomId room, CancellationToken cancellation);

    /// <summary>Routes of several rooms, in their order; null where there is none.</summary>
    Task<IReadOnlyList<RoomRoute?>> FindRoutesAsync(IReadOnlyList<RoomId> rooms, CancellationToken cancellation);

    /// <summary>The revocation of one participant; null when there is none.</summary>
    Task<Revocation?> FindRevocationAsync(RoomId room, string participant, CancellationToken cancellation);

    /// <summary>All revocations of a room.</summary>
    Task<IReadOnlyList<Revocation>> ListRevocationsAsync(RoomId room, CancellationToken cancellation);

    /// <summary>Whether a participant is in the room, or was when the node that served it was lost.</summary>
    Task<bool> IsPresentAsync(RoomId room, string participant, CancellationToken cancellation);

    /// <summary>Writes who is in the room; others that are written there stay.</summary>
    Task SetPresenceAsync(RoomId room, IReadOnlyCollection<Presence> present, CancellationToken cancellation);

    /// <summary>Takes a participant off the room's list, unless another node has put it there meanwhile.</summary>
    Task RemovePresenceAsync(RoomId room, string participant, NodeId node, CancellationToken cancellation);

    /// <summary>Forgets who was in the room.</summary>
    Task ClearPresenceAsync(RoomId room, CancellationToken cancellation);

    /// <summary>The newest heartbeat of every node that lives.</summary>
    Task<IReadOnlyList<Heartbeat>> ListNodesAsync(CancellationToken cancellation);
}

/// <summary>What the registry knows of a room.</summary>
/// <param name="Route">Its route; null when there is none, or none that can be read.</param>
/// <param name="IsCertain">
/// False where a missing route says nothing about the room: the registry is new or was emptied, or what it holds cannot be read.
/// </param>
public readonly record struct RouteAnswer(RoomRoute? Route, bool IsCertain);
