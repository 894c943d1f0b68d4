using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Registry;

/// <summary>What nodes of a region tell each other and the operator. Either Redis or, for one node alone, memory. Thread-safe.</summary>
public interface INodeRegistry
{
    /// <summary>False while the registry cannot be reached. Conferences go on meanwhile.</summary>
    bool Reachable { get; }

    /// <summary>Publishes that this node lives and what it carries. Throws <see cref="RegistryUnavailableException"/> when that fails.</summary>
    /// <param name="heartbeat">The heartbeat.</param>
    /// <param name="isUrgent">Whoever reads heartbeats is to read this one now, and not when it would have.</param>
    /// <param name="cancellation">Gives up.</param>
    Task PublishAsync(Heartbeat heartbeat, bool isUrgent, CancellationToken cancellation);

    /// <summary>Takes this node out of the registry at once, on shutdown.</summary>
    Task RemoveAsync(NodeId node, CancellationToken cancellation);

    /// <summary>Where a room is served; null when no route is known.</summary>
    Task<RoomRoute?> FindRouteAsync(RoomId room, CancellationToken cancellation);
}

/// <summary>The registry cannot be reached or refused.</summary>
public sealed class RegistryUnavailableException(string message, Exception inner) : Exception(message, inner);
