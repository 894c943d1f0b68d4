using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Registry;

/// <summary>The registry of a node that runs alone: it is its own region.</summary>
public sealed class MemoryNodeRegistry : INodeRegistry
{
    private readonly ConcurrentDictionary<NodeId, Heartbeat> _nodes = new();
    private readonly ConcurrentDictionary<RoomId, RoomRoute> _routes = new();

    public bool Reachable => true;

    public Task PublishAsync(Heartbeat heartbeat, bool isUrgent, CancellationToken cancellation)
    {
        _nodes[heartbeat.Node] = heartbeat;
        return Task.CompletedTask;
    }

    public Task RemoveAsync(NodeId node, CancellationToken cancellation)
    {
        _nodes.TryRemove(node, out _);
        return Task.CompletedTask;
    }

    public Task<RoomRoute?> FindRouteAsync(RoomId room, CancellationToken cancellation) =>
        Task.FromResult(_routes.GetValueOrDefault(room));
}
