using System.Globalization;
using System.Net;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Writing;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>Keeps on each pod what others read there: whether it is busy, its media address, whose it is, whom it is to believe.</summary>
internal sealed class PodMetadata(FleetCaches caches, FleetObserver observer, HostNames names, ObjectWriter writer, ApiClient client, IEventRecorder events)
{
    /// <summary>Writes it on the pods of a fleet.</summary>
    /// <returns>The media address of each pod, by uid.</returns>
    public async Task<IReadOnlyDictionary<string, MediaAddress>> WriteAsync(
        SfuCluster cluster, IReadOnlyList<ObservedPod> pods, RoundFaults faults, CancellationToken cancellation)
    {
        var addresses = new Dictionary<string, MediaAddress>(StringComparer.Ordinal);
        var node = caches.Secrets.Find(new ObjectKey(cluster.Metadata.NamespaceProperty, ResourceNames.ControlNodeSecret(cluster.Metadata.Name)));
        var linked = node is null ? null : ControlCertificates.LinkedDigest(node);
        var current = caches.PodsOf(cluster).ToDictionary(pod => pod.Metadata.Uid, StringComparer.Ordinal);
        foreach (var observed in pods)
        {
            if (!current.TryGetValue(observed.Uid, out var pod))
            {
                continue;
            }

            var service = caches.Services.Find(ObjectKey.Of(pod));
            var address = Resolve(MediaAddress.Of(cluster.Spec.Network, pod, observer.NodeOf(pod), service), pod, ObjectKey.Of(cluster));
            addresses[observed.Uid] = address;
            if (pod.Metadata.DeletionTimestamp is not null)
            {
                continue;
            }

            await faults.TryAsync(
                FleetFaults.PodNotChanged, $"the pod {pod.Metadata.Name}", () => WriteAsync(cluster, observed, pod, address, linked, cancellation), cancellation).ConfigureAwait(false);
        }

        return addresses;
    }

    private async Task WriteAsync(SfuCluster cluster, ObservedPod observed, V1Pod pod, MediaAddress address, string? linked, CancellationToken cancellation)
    {
        var labels = new Dictionary<string, string?> { [ResourceLabels.Busy] = observed.Observation.IsBusy ? ResourceLabels.BusyValue : null };
        try
        {
            await writer.AnnotateAsync(pod, Annotations(cluster, address, linked), labels, cancellation).ConfigureAwait(false);
            if (FleetCaches.ControllerOf(pod) is null)
            {
                await AdoptAsync(cluster, pod, cancellation).ConfigureAwait(false);
            }
        }
        catch (ApiException refused) when (refused.IsNotFound)
        {
            // It has gone meanwhile; the cache will hear of it.
        }
    }

    private static Dictionary<string, string?> Annotations(SfuCluster cluster, MediaAddress address, string? linked)
    {
        var annotations = new Dictionary<string, string?> { [PodAnnotations.LinkedAuthorities] = linked };
        if (address.Host is { } host && cluster.Spec.Network.EffectiveAdvertise is not (AdvertiseSource.Static or AdvertiseSource.Stun))
        {
            annotations[PodAnnotations.AdvertiseAddress] = host;
        }

        if (cluster.Spec.Network.Mode is NetworkMode.NodePort)
        {
            if (address.UdpPort is { } udp)
            {
                annotations[PodAnnotations.AdvertiseUdpPort] = udp.ToString(CultureInfo.InvariantCulture);
            }

            if (address.TcpPort is { } tcp)
            {
                annotations[PodAnnotations.AdvertiseTcpPort] = tcp.ToString(CultureInfo.InvariantCulture);
            }
        }

        return annotations;
    }

    // An ICE candidate is an address (RFC 8445, section 5.1.1), and some load balancers have only a name.
    private MediaAddress Resolve(MediaAddress address, V1Pod pod, ObjectKey cluster)
    {
        if (address.Host is not { } host || IPAddress.TryParse(host, out _))
        {
            return address;
        }

        var current = pod.Metadata.Annotations?.TryGetValue(PodAnnotations.AdvertiseAddress, out var advertised) == true ? advertised : null;
        var (found, missing) = names.AddressOf(host, current, cluster);
        return address with { Host = found, Missing = missing };
    }

    private async Task AdoptAsync(SfuCluster cluster, V1Pod pod, CancellationToken cancellation)
    {
        var owners = new System.Text.Json.Nodes.JsonArray(
            [.. (pod.Metadata.OwnerReferences ?? []).Append(Owners.Controller(cluster)).Select(owner => System.Text.Json.Nodes.JsonNode.Parse(k8s.KubernetesJson.Serialize(owner)))]);
        await client.MergePatchAsync<V1Pod>(
            pod.Metadata.NamespaceProperty,
            pod.Metadata.Name,
            new() { ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["uid"] = pod.Metadata.Uid, ["ownerReferences"] = owners } },
            cancellation).ConfigureAwait(false);
        events.Normal(cluster, FleetEvents.PodAdopted, $"{pod.Metadata.Name} carries the fleet's labels and belonged to nobody");
    }
}
