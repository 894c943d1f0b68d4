using Prometheus;

namespace BuildIt.Operator.Runtime.Metrics;

/// <summary>What the controller runtime measures.</summary>
public static class RuntimeMetrics
{
    public static Gauge QueueDepth { get; } = Prometheus.Metrics.CreateGauge(
        "buildit_operator_queue_depth", "Keys that wait to be reconciled.", "controller");

    public static Histogram QueueLatency { get; } = Prometheus.Metrics.CreateHistogram(
        "buildit_operator_queue_latency_seconds", "Time that a key waited beyond its due time.", Seconds("controller"));

    public static Counter Retries { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_retries_total", "Failed reconciliations, each of which is retried.", "controller");

    public static Histogram Reconciliation { get; } = Prometheus.Metrics.CreateHistogram(
        "buildit_operator_reconcile_seconds", "Time that a reconciliation took.", Seconds("controller", "result"));

    public static Gauge WatchAge { get; } = Prometheus.Metrics.CreateGauge(
        "buildit_operator_watch_age_seconds", "Time since a watch last heard from the API server.", "kind");

    public static Counter WatchRestarts { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_watch_restarts_total", "Watches started again, by why: ended, stalled, gone, failed.", "kind", "reason");

    public static Gauge CacheObjects { get; } = Prometheus.Metrics.CreateGauge(
        "buildit_operator_cache_objects", "Objects in the cache.", "kind");

    public static Counter Undecodable { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_undecodable_objects_total", "Objects that could not be read into their type and were left out.", "kind");

    public static Counter ApiCalls { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_api_calls_total", "Calls to the Kubernetes API; code 0 means that no answer came.", "verb", "code");

    public static Histogram ApiCallSeconds { get; } = Prometheus.Metrics.CreateHistogram(
        "buildit_operator_api_call_seconds", "Time until the Kubernetes API answered.", Seconds("verb"));

    public static Gauge Leader { get; } = Prometheus.Metrics.CreateGauge(
        "buildit_operator_leader", "1 while this process leads.");

    public static Counter Events { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_events_total", "Kubernetes Events by what became of them: created, counted, dropped, failed.", "result");

    public static Counter AdmissionRequests { get; } = Prometheus.Metrics.CreateCounter(
        "buildit_operator_admission_requests_total", "Admission reviews answered.", "kind", "result");

    public static Gauge CertificateExpiry { get; } = Prometheus.Metrics.CreateGauge(
        "buildit_operator_webhook_certificate_expiry_seconds", "When the webhook's certificate expires, in seconds since 1970.");

    private static HistogramConfiguration Seconds(params string[] labels) => new()
    {
        Buckets = Histogram.ExponentialBuckets(0.001, 2.5, 13),
        LabelNames = labels,
    };
}
