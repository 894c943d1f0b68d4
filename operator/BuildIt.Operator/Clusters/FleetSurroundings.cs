using BuildIt.Operator.Api;
using BuildIt.Operator.Links;
using BuildIt.Operator.Resources.Budgets;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Resources.Services;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Writing;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>What a fleet has beside its pods: certificates, services, the disruption budget.</summary>
internal sealed class FleetSurroundings(FleetCaches caches, LinkAuthorities linked, ObjectWriter writer, ServerFeatures features, TimeProvider time)
{
    /// <summary>Makes the certificates as they should be.</summary>
    /// <returns>The secret by which the operator speaks to the nodes, and when to look at it again.</returns>
    public async Task<(V1Secret Authority, DateTimeOffset LookAgainAt)> EnsureCredentialsAsync(SfuCluster cluster, CancellationToken cancellation)
    {
        var ns = cluster.Metadata.NamespaceProperty;
        var authority = caches.Secrets.Find(new ObjectKey(ns, ResourceNames.ControlAuthoritySecret(cluster.Metadata.Name)));
        var node = caches.Secrets.Find(new ObjectKey(ns, ResourceNames.ControlNodeSecret(cluster.Metadata.Name)));
        var secrets = ControlCertificates.Plan(cluster, OfFleet(authority, cluster), OfFleet(node, cluster), time.GetUtcNow(), linked.Of(ObjectKey.Of(cluster)));
        if (secrets.Changed)
        {
            // The authority first: a node certificate of an authority that nobody kept would be worth nothing.
            authority = ReferenceEquals(secrets.Authority, authority) ? authority : await writer.ApplyAsync(secrets.Authority, authority, cancellation).ConfigureAwait(false);
            if (!ReferenceEquals(secrets.Node, node))
            {
                await writer.ApplyAsync(secrets.Node, node, cancellation).ConfigureAwait(false);
            }
        }

        return (authority!, secrets.LookAgainAt);
    }

    /// <summary>The secret by which the operator speaks to the nodes, as far as it is there; null when it is not, or another fleet's.</summary>
    public V1Secret? CredentialsOf(SfuCluster cluster) => OfFleet(
        caches.Secrets.Find(new ObjectKey(cluster.Metadata.NamespaceProperty, ResourceNames.ControlAuthoritySecret(cluster.Metadata.Name))), cluster);

    /// <summary>Makes the service by which clients reach the fleet, and the disruption budget, as they should be.</summary>
    public async Task EnsureAsync(SfuCluster cluster, RoundFaults faults, CancellationToken cancellation)
    {
        var signal = SignalService.Build(cluster);
        await faults.TryAsync(
            FleetFaults.ServiceNotWritten,
            $"the Service {signal.Metadata.Name}",
            () => writer.ApplyAsync(signal, caches.Services.Find(ObjectKey.Of(signal)), cancellation),
            cancellation).ConfigureAwait(false);
        await faults.TryAsync(
            FleetFaults.BudgetNotWritten,
            $"the PodDisruptionBudget {ResourceNames.DisruptionBudget(cluster.Metadata.Name)}",
            () => EnsureBudgetAsync(cluster, cancellation),
            cancellation).ConfigureAwait(false);
    }

    /// <summary>Gives every pod the service of its own that its network mode needs, and takes away those whose pod is gone.</summary>
    public async Task EnsureInstanceServicesAsync(SfuCluster cluster, IReadOnlyList<V1Pod> pods, RoundFaults faults, CancellationToken cancellation)
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        if (InstanceService.IsNeeded(cluster.Spec.Network))
        {
            foreach (var pod in pods)
            {
                wanted.Add(pod.Metadata.Name);
                if (pod.Metadata.DeletionTimestamp is null)
                {
                    await faults.TryAsync(
                        FleetFaults.ServiceNotWritten, $"the Service {pod.Metadata.Name}", () => EnsureInstanceServiceAsync(cluster, pod, cancellation), cancellation).ConfigureAwait(false);
                }
            }
        }

        foreach (var service in caches.ServicesOf(cluster))
        {
            if (service.Metadata.Labels.ContainsKey(SfuApi.InstanceLabel) && !wanted.Contains(service.Metadata.Name))
            {
                await faults.TryAsync(
                    FleetFaults.ServiceNotWritten, $"the Service {service.Metadata.Name}", () => writer.DeleteAsync(service, null, cancellation), cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Removes all of it, without waiting for Kubernetes to collect it.</summary>
    public async Task RemoveAsync(SfuCluster cluster, CancellationToken cancellation)
    {
        foreach (var service in caches.ServicesOf(cluster))
        {
            await writer.DeleteAsync(service, null, cancellation).ConfigureAwait(false);
        }

        var budget = new ObjectKey(cluster.Metadata.NamespaceProperty, ResourceNames.DisruptionBudget(cluster.Metadata.Name));
        if (caches.Budgets.Find(budget) is { } current)
        {
            await writer.DeleteAsync(current, null, cancellation).ConfigureAwait(false);
        }
        else if (caches.OldBudgets.Find(budget) is { } old)
        {
            await writer.DeleteAsync(old, null, cancellation).ConfigureAwait(false);
        }

        foreach (var secret in caches.SecretsOf(cluster))
        {
            await writer.DeleteAsync(secret, null, cancellation).ConfigureAwait(false);
        }
    }

    private async Task EnsureInstanceServiceAsync(SfuCluster cluster, V1Pod pod, CancellationToken cancellation)
    {
        var service = InstanceService.Build(cluster, pod, await features.HasMixedLoadBalancersAsync(cancellation).ConfigureAwait(false));
        await writer.ApplyAsync(service, caches.Services.Find(ObjectKey.Of(service)), cancellation).ConfigureAwait(false);
    }

    private async Task EnsureBudgetAsync(SfuCluster cluster, CancellationToken cancellation)
    {
        if (await features.HasCurrentBudgetsAsync(cancellation).ConfigureAwait(false))
        {
            var budget = DisruptionBudget.Build(cluster);
            await writer.ApplyAsync(budget, caches.Budgets.Find(ObjectKey.Of(budget)), cancellation).ConfigureAwait(false);
            return;
        }

        var built = DisruptionBudget.Build(cluster, DisruptionBudget.OldVersion);
        var oldBudget = new OldDisruptionBudget { Metadata = built.Metadata, Spec = built.Spec };
        await writer.ApplyAsync(oldBudget, caches.OldBudgets.Find(ObjectKey.Of(oldBudget)), cancellation).ConfigureAwait(false);
    }

    // The secret of a fleet that was deleted and made again belongs to the one before; its keys are not taken over.
    private static V1Secret? OfFleet(V1Secret? secret, SfuCluster cluster) =>
        secret is not null && FleetCaches.ControllerOf(secret) is { } owner && owner.Uid != cluster.Metadata.Uid ? null : secret;
}
