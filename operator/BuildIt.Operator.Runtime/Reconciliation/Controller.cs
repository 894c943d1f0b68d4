using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Metrics;
using BuildIt.Operator.Runtime.Queue;
using BuildIt.Operator.Runtime.Writing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Runtime.Reconciliation;

/// <summary>Asks for reconciliations from outside the Kubernetes API, for example when a heartbeat is missed.</summary>
public interface IReconcileTrigger<TEntity>
{
    /// <summary>Asks for a run. Any thread; asking often costs little.</summary>
    void Enqueue(ObjectKey key, TimeSpan delay = default);
}

/// <summary>What the host needs of a controller whatever its kind.</summary>
public interface IController
{
    string Name { get; }

    /// <summary>Reconciles until cancelled, then waits for what runs.</summary>
    Task RunAsync(CancellationToken cancellation);
}

/// <summary>How a controller runs.</summary>
public sealed record ControllerOptions
{
    /// <summary>Keys reconciled at the same time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>Longest reconciliation; then it is cancelled and tried again.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Shortest time between two starts for the same key.</summary>
    public TimeSpan MinInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>A change of nothing but the status starts no run.</summary>
    public bool IgnoresStatus { get; init; }

    /// <summary>Name of the finalizer, when the kind has one.</summary>
    public string? Finalizer { get; init; }
}

/// <summary>Runs the reconciler of one kind for every key that asks for it.</summary>
public sealed partial class Controller<TEntity>(
    Informer<TEntity> cache,
    ObjectWriter writer,
    IReconciler<TEntity> reconciler,
    IFinalizer<TEntity>? finalizer,
    ControllerOptions options,
    IEventRecorder events,
    TimeProvider time,
    ILogger<Controller<TEntity>> log) : IController, IReconcileTrigger<TEntity>, IDisposable
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The reason of the Event about a run that threw.</summary>
    public const string FailedReason = "ReconcileFailed";

    private static readonly TimeSpan ConflictDelay = TimeSpan.FromMilliseconds(200);

    private readonly WorkQueue<ObjectKey> _queue = new(ResourceType.Of<TEntity>().Kind, options.Backoff, options.MinInterval, time);

    public string Name { get; } = ResourceType.Of<TEntity>().Kind;

    public void Enqueue(ObjectKey key, TimeSpan delay = default) => _queue.Add(key, delay);

    public Task RunAsync(CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, options.Workers).Select(_ => Task.Run(() => WorkAsync(cancellation), CancellationToken.None)));

    public void Dispose() => _queue.Dispose();

    private async Task WorkAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ObjectKey key;
            try
            {
                key = await _queue.TakeAsync(cancellation).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var start = time.GetTimestamp();
            var outcome = await RunOnceAsync(key, cancellation).ConfigureAwait(false);
            RuntimeMetrics.Reconciliation.WithLabels(Name, outcome.Failed ? "failed" : "done").Observe(time.GetElapsedTime(start).TotalSeconds);
            _queue.Complete(key, outcome);
        }
    }

    private async Task<WorkOutcome> RunOnceAsync(ObjectKey key, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await ReconcileAsync(key, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return WorkOutcome.Done;
        }
        catch (WriteFencedException)
        {
            return WorkOutcome.Failure;
        }
        catch (ApiException refused) when (refused.IsConflict)
        {
            // The cache was behind; what is new is on its way.
            LogConflict(Name, key);
            return WorkOutcome.After(ConflictDelay);
        }
#pragma warning disable CA1031 // A reconciler's failure, whatever it is, must not end the worker: it is logged and retried.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogFailed(failure, Name, key);
            Tell(key, failure);
            return WorkOutcome.Failure;
        }
    }

    private async Task<WorkOutcome> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (cache.Find(key) is not { } cached)
        {
            (reconciler as IForgets)?.Forget(key);
            return WorkOutcome.Done;
        }

        var entity = ObjectWriter.Copy(cached);
        if (entity.Metadata.DeletionTimestamp is not null)
        {
            return await FinalizeAsync(entity, cancellation).ConfigureAwait(false);
        }

        if (finalizer is not null && options.Finalizer is { } name)
        {
            await writer.AddFinalizerAsync(entity, name, cancellation).ConfigureAwait(false);
        }

        var result = await reconciler.ReconcileAsync(entity, cancellation).ConfigureAwait(false);
        return new WorkOutcome(false, result.RequeueAfter);
    }

    private async Task<WorkOutcome> FinalizeAsync(TEntity entity, CancellationToken cancellation)
    {
        if (finalizer is null || options.Finalizer is not { } name || entity.Metadata.Finalizers?.Contains(name) != true)
        {
            return WorkOutcome.Done;
        }

        var result = await finalizer.FinalizeAsync(entity, cancellation).ConfigureAwait(false);
        if (!result.IsDone)
        {
            return new WorkOutcome(false, result.RequeueAfter);
        }

        await writer.RemoveFinalizerAsync(entity, name, cancellation).ConfigureAwait(false);
        return WorkOutcome.Done;
    }

    // An API server that does not answer takes no Event either, and would be told of its own silence by every object afterwards.
    private void Tell(ObjectKey key, Exception failure)
    {
        if (failure is not (HttpRequestException or TimeoutException or IOException or OperationCanceledException) && cache.Find(key) is { } entity)
        {
            events.Warning(entity, FailedReason, failure.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Kind} {Key} has changed meanwhile; reconciling again")]
    private partial void LogConflict(string kind, ObjectKey key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reconciling {Kind} {Key} failed; it will be tried again")]
    private partial void LogFailed(Exception failure, string kind, ObjectKey key);
}
