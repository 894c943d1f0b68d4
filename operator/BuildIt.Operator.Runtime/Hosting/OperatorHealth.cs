using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Metrics;

namespace BuildIt.Operator.Runtime.Hosting;

/// <summary>What the probes of the operator's own pod ask for. Any thread.</summary>
public sealed class OperatorHealth(CacheRegistry caches, OperatorOptions options, TimeProvider time)
{
    private volatile bool _synced;

    /// <summary>
    /// False when a watch loop hangs. An API server that is away does not make it false: starting again would not bring it back.
    /// </summary>
    public bool IsLive
    {
        get
        {
            var limit = (options.Informer.WatchTimeout * 1.5) + options.Informer.StallGrace + options.Informer.AbsentInterval + TimeSpan.FromMinutes(1);
            var now = time.GetUtcNow();
            return caches.All.All(i => now - i.LastActive < limit);
        }
    }

    /// <summary>True once every cache is complete. A standby is ready too, because it answers webhooks.</summary>
    public bool IsReady => _synced;

    internal void MarkSynced() => _synced = true;

    internal void Start() => Prometheus.Metrics.DefaultRegistry.AddBeforeCollectCallback(() =>
    {
        var now = time.GetUtcNow();
        foreach (var informer in caches.All)
        {
            RuntimeMetrics.WatchAge.WithLabels(informer.Kind).Set(Math.Max(0, (now - informer.LastHeard).TotalSeconds));
        }
    });
}
