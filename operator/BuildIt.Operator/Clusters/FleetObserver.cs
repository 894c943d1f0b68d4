using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>Gathers what is known of a fleet's pods: caches, registry, probes, rooms.</summary>
internal sealed class FleetObserver(FleetCaches caches, NodeProber prober, IRoomBurden rooms, ApiClient client)
{
    // What other controllers put on a Kubernetes node that they are about to remove.
    private static readonly HashSet<string> LeavingTaints =
        new(StringComparer.Ordinal) { "ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "node.kubernetes.io/unschedulable" };

    /// <summary>The fleet's pods, in the order of their names.</summary>
    public async Task<IReadOnlyList<ObservedPod>> ObserveAsync(SfuCluster cluster, RegistryView registry, RoundFaults faults, CancellationToken cancellation)
    {
        var pods = caches.PodsOf(cluster);
        var fleet = prober.Of(ObjectKey.Of(cluster));
        fleet.Track(Addresses(pods));
        var gone = new Dictionary<string, bool>(StringComparer.Ordinal);
        var observed = new List<ObservedPod>(pods.Count);
        foreach (var pod in pods)
        {
            var node = NodeOf(pod);
            var isNodeGone = pod.Spec?.NodeName is { Length: > 0 } name && node is null && await IsGoneAsync(name, gone, faults, cancellation).ConfigureAwait(false);
            var heard = registry.Nodes.TryGetValue(pod.Metadata.Name, out var found) && found.Heartbeat.Cluster == cluster.Metadata.Name ? found : null;
            observed.Add(ObservedPod.Of(
                pod, heard, fleet.RecordOf(pod.Metadata.Uid), rooms.AssignedTo(pod.Metadata.NamespaceProperty, pod.Metadata.Name),
                node is not null && IsCordoned(node), node is not null && IsSilent(node), isNodeGone));
        }

        return observed;
    }

    /// <summary>The Kubernetes node a pod runs on; null while it has none or the node is not known.</summary>
    public V1Node? NodeOf(V1Pod pod) =>
        pod.Spec?.NodeName is { Length: > 0 } name ? caches.Nodes.Find(new ObjectKey(string.Empty, name)) : null;

    /// <summary>Where the control port of a pod is; null while it has no address.</summary>
    public static NodeAddress? AddressOf(V1Pod pod) => System.Net.IPAddress.TryParse(pod.Status?.PodIP, out var ip) ? new NodeAddress(pod.Metadata.Name, ip) : null;

    private static Dictionary<string, NodeAddress> Addresses(IReadOnlyList<V1Pod> pods)
    {
        var addresses = new Dictionary<string, NodeAddress>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (pod.Status?.Phase is "Running" && AddressOf(pod) is { } address)
            {
                addresses[pod.Metadata.Uid] = address;
            }
        }

        return addresses;
    }

    // A pod's death is not concluded from a cache that may be late: the API server is asked. No answer is no death.
    private async Task<bool> IsGoneAsync(string node, Dictionary<string, bool> known, RoundFaults faults, CancellationToken cancellation)
    {
        if (!known.TryGetValue(node, out var gone))
        {
            await faults.TryAsync(
                FleetFaults.NodeUnknown,
                $"the Kubernetes node {node}",
                async () => gone = await client.GetAsync<V1Node>(null, node, cancellation).ConfigureAwait(false) is null,
                cancellation).ConfigureAwait(false);
            known[node] = gone;
        }

        return gone;
    }

    // A node without the condition is one of which nothing is known.
    private static bool IsSilent(V1Node node) => node.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready") is { Status: not "True" };

    private static bool IsCordoned(V1Node node) =>
        node.Spec?.Unschedulable == true || node.Spec?.Taints?.Any(taint => LeavingTaints.Contains(taint.Key)) == true;
}
