using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;

namespace BuildIt.Operator.Clusters;

/// <summary>Keeps an SfuCluster true.</summary>
internal sealed class SfuClusterReconciler(FleetCycle cycle) : IReconciler<SfuCluster>, IForgets
{
    public async Task<ReconcileResult> ReconcileAsync(SfuCluster entity, CancellationToken cancellationToken) =>
        ReconcileResult.After(await cycle.RunAsync(entity, cancellationToken).ConfigureAwait(false));

    public void Forget(ObjectKey key) => cycle.Forget(key);
}

/// <summary>Empties a fleet that is being deleted: its pods are drained first, then everything else goes.</summary>
internal sealed class SfuClusterFinalizer(FleetCycle cycle, FleetCaches caches, FleetSurroundings surroundings) : IFinalizer<SfuCluster>
{
    public async Task<FinalizeResult> FinalizeAsync(SfuCluster entity, CancellationToken cancellationToken)
    {
        var next = await cycle.RunAsync(entity, cancellationToken).ConfigureAwait(false);
        if (caches.PodsOf(entity).Count > 0)
        {
            return FinalizeResult.Wait(next);
        }

        await surroundings.RemoveAsync(entity, cancellationToken).ConfigureAwait(false);
        cycle.Forget(ObjectKey.Of(entity));
        return FinalizeResult.Done;
    }
}
