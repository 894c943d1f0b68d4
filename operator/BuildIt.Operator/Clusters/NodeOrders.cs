using BuildIt.Operator.Api;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// Makes every node know what is recorded on its pod: that it drains, that its clients are to go now, or that it goes on.
/// Compares what the record says with what the node says, so an order that was lost is given again.
/// </summary>
internal sealed class NodeOrders(FleetCaches caches, NodeProber prober, TimeProvider time)
{
    /// <summary>A node gets so long to show in its heartbeat that it has heard.</summary>
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(2);

    private const int MaxConcurrent = 32;

    /// <summary>Gives what orders there are to give.</summary>
    /// <returns>True when a node has still to be told again.</returns>
    public async Task<bool> GiveAsync(SfuCluster cluster, IReadOnlyList<ObservedPod> observed, FleetMemory memory, CancellationToken cancellation)
    {
        var uids = observed.Select(pod => pod.Uid).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in memory.Told.Keys.Where(uid => !uids.Contains(uid)).ToList())
        {
            memory.Told.Remove(gone);
        }

        if (prober.Of(ObjectKey.Of(cluster)).Client is not { } client)
        {
            return false;
        }

        // The pods as they are now: this plan may have changed their records.
        var current = caches.PodsOf(cluster).ToDictionary(pod => pod.Metadata.Uid, StringComparer.Ordinal);
        var orders = new List<Order>();
        var pending = false;
        foreach (var pod in observed)
        {
            if (current.TryGetValue(pod.Uid, out var now) && now is { Metadata.DeletionTimestamp: null, Status.Phase: "Running" }
                && FleetObserver.AddressOf(now) is { } address && OrderFor(cluster, now, pod, address, memory) is { } order)
            {
                pending = true;
                if (order.IsDue)
                {
                    orders.Add(order);
                }
            }
        }

        var told = new bool[orders.Count];
        await Parallel.ForAsync(0, orders.Count, new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellation }, async (i, token) =>
        {
            var order = orders[i];
            told[i] = order.Command is { } command
                ? await client.DrainAsync(order.Address, command, token).ConfigureAwait(false)
                : await client.UndrainAsync(order.Address, token).ConfigureAwait(false);
        }).ConfigureAwait(false);
        for (var i = 0; i < orders.Count; i++)
        {
            if (told[i])
            {
                memory.Told[orders[i].Uid] = new ToldNode(time.GetUtcNow(), orders[i].Command?.ReconnectClients == true);
            }
        }

        return pending;
    }

    private Order? OrderFor(SfuCluster cluster, V1Pod pod, ObservedPod observed, NodeAddress address, FleetMemory memory)
    {
        var told = memory.Told.TryGetValue(observed.Uid, out var last) ? last : (ToldNode?)null;
        var isDue = told is not { } recent || time.GetUtcNow() - recent.At >= Repeat;
        var state = observed.Newest?.State;
        if (PodAnnotations.Time(pod, PodAnnotations.DrainStarted) is not { } started)
        {
            // A node that nobody told to drain is being called back, or was told by an operator that is no more.
            return state is NodeState.Draining or NodeState.Drained ? new Order(observed.Uid, address, null, isDue) : null;
        }

        var reconnect = PodAnnotations.Time(pod, PodAnnotations.ReconnectAsked) is not null;
        if (reconnect ? told is { Reconnect: true } : state is NodeState.Draining or NodeState.Drained)
        {
            return null;
        }

        var cause = PodAnnotations.Cause(pod);
        var command = new DrainCommand
        {
            Mode = cluster.Spec.Drain.Mode is Api.DrainMode.Wait ? Sfu.Contracts.DrainMode.Wait : Sfu.Contracts.DrainMode.Migrate,
            Deadline = PodAnnotations.Time(pod, PodAnnotations.DrainDeadline) ?? started,
            ReconnectClients = reconnect,

            // Elsewhere the operator deletes it: a room may be on its way to a pod that is still empty, and a drain called back.
            ExitWhenEmpty = reconnect || cause is DrainCause.Deletion,
            Reason = pod.Metadata.Annotations.TryGetValue(PodAnnotations.DrainReason, out var reason) ? reason : string.Empty,
        };
        return new Order(observed.Uid, address, command, isDue || reconnect);
    }

    /// <param name="Uid">The pod.</param>
    /// <param name="Address">Where its node is.</param>
    /// <param name="Command">The drain; null to call one back.</param>
    /// <param name="IsDue">It was not given a moment ago.</param>
    private sealed record Order(string Uid, NodeAddress Address, DrainCommand? Command, bool IsDue);
}
