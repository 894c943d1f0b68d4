using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Reconciliation;

/// <summary>
/// Makes the world be what one kind of object says. Called for a key whenever anything about it may have changed, never
/// twice at once for the same key, and again after every failure. Must be idempotent and survive being ended anywhere.
/// </summary>
public interface IReconciler<in TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    /// <param name="entity">A copy of the cached object; the reconciler may change it.</param>
    /// <param name="cancellationToken">Set when the process ends or no longer leads.</param>
    Task<ReconcileResult> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);
}

/// <summary>Releases what Kubernetes does not collect by itself before an object goes.</summary>
public interface IFinalizer<in TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Called while the object is being deleted, until it says that it is done.</summary>
    Task<FinalizeResult> FinalizeAsync(TEntity entity, CancellationToken cancellationToken);
}

/// <summary>Is told when an object is gone, to forget what it kept in memory about it. Called for each deletion at least once.</summary>
public interface IForgets
{
    void Forget(Caching.ObjectKey key);
}

/// <summary>How a reconciliation ended, when it did not throw.</summary>
/// <param name="RequeueAfter">When to run again at the latest; null for when something changes.</param>
public readonly record struct ReconcileResult(TimeSpan? RequeueAfter)
{
    public static ReconcileResult Done { get; } = new(null);

    public static ReconcileResult After(TimeSpan delay) => new(delay);
}

/// <summary>Whether the finalizer may be taken off, and if not, when to ask again.</summary>
public readonly record struct FinalizeResult(bool IsDone, TimeSpan? RequeueAfter)
{
    public static FinalizeResult Done { get; } = new(true, null);

    public static FinalizeResult Wait(TimeSpan delay) => new(false, delay);
}
