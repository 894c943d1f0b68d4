using System.Collections.Concurrent;
using System.Security.Cryptography;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Scaling;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Resources.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;

namespace BuildIt.Operator.Clusters;

/// <summary>One round for one fleet: observe, plan, apply, report. The same whether the fleet lives or is being deleted.</summary>
internal sealed class FleetCycle(
    FleetObserver observer,
    FleetSurroundings surroundings,
    NamedSecrets secrets,
    FleetApplier applier,
    NodeOrders orders,
    PodMarks marks,
    FleetCaches caches,
    RegistryHub registries,
    NodeProber prober,
    FleetDirectory directory,
    IRoomLedger rooms,
    ObjectWriter writer,
    IEventRecorder events,
    FleetOptions options,
    TimeProvider time)
{
    /// <summary>A status in which only load differs is written at most so often.</summary>
    private static readonly TimeSpan LoadReportInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);

    private static readonly RegistryView NoRegistry = new(null, new Dictionary<string, HeardHeartbeat>(), Asked: false);

    private readonly ConcurrentDictionary<ObjectKey, FleetMemory> _memories = new();

    /// <summary>Runs a round.</summary>
    /// <returns>When to run the next one at the latest.</returns>
    public async Task<TimeSpan> RunAsync(SfuCluster cluster, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(cluster);
        var memory = MemoryOf(key, cluster);
        memory.Read(cluster, options.NodeImage);
        var deleting = cluster.Metadata.DeletionTimestamp is not null;
        var valid = memory.Faults.Count == 0;
        if (cluster.Status is null && !deleting)
        {
            await writer.UpdateStatusAsync(cluster, ClusterStatusBuilder.First(cluster, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        }

        var wake = new Wake(time.GetUtcNow() + Late);
        var registry = await RegistryOfAsync(key, cluster, valid, cancellation).ConfigureAwait(false);
        if (valid && !deleting)
        {
            var (authority, lookAgainAt) = await surroundings.EnsureAsync(cluster, cancellation).ConfigureAwait(false);
            prober.Of(key).UseCredentials(authority);
            wake.At(lookAgainAt);
            wake.At(await secrets.CheckAsync(cluster, memory, cancellation).ConfigureAwait(false));
        }
        else if (caches.Secrets.Find(new ObjectKey(key.Namespace, Resources.Names.ResourceNames.ControlAuthoritySecret(key.Name))) is { } kept)
        {
            prober.Of(key).UseCredentials(kept);
        }

        var pods = await observer.ObserveAsync(cluster, registry, cancellation).ConfigureAwait(false);
        var now = time.GetUtcNow();

        // A spec that says nothing sensible is no reason to touch what runs.
        var spec = FleetSpecs.From(cluster, memory.Revision);
        spec = valid || deleting ? spec : spec with { Paused = true };
        var decision = FleetPlanner.Plan(await ObservationAsync(cluster, spec, pods, registry, memory, now, cancellation).ConfigureAwait(false), now);
        memory.Scaling = decision.Memory;
        foreach (var pod in pods)
        {
            memory.UsedNames.Add(pod.Observation.Name);
        }

        Report(cluster, decision);
        var blocked = await applier.ApplyAsync(cluster, decision, pods, memory, cancellation).ConfigureAwait(false);
        if (valid && !deleting)
        {
            await surroundings.EnsureInstanceServicesAsync(cluster, caches.PodsOf(cluster), cancellation).ConfigureAwait(false);
        }

        var addresses = await marks.MarkAsync(cluster, pods, cancellation).ConfigureAwait(false);
        if (await orders.GiveAsync(cluster, pods, memory, cancellation).ConfigureAwait(false))
        {
            wake.In(Soon, now);
        }

        directory.Put(new FleetView(
            key,
            cluster,
            spec,
            [.. pods.Select((pod, i) => new FleetInstance(pod.Observation, decision.Verdicts[i].Liveness, pod.Newest?.Endpoints, pod.Newest?.Rooms ?? []) { Fences = pod.Newest?.Fences ?? [] })],
            decision.Status.Conditions.Any(condition => condition is { Reason: "FleetSilent", Status: true })));
        if (decision.NextDeadline is { } next)
        {
            wake.At(next);
        }

        if (memory.Refused is { } refused)
        {
            wake.At(refused.Until);
        }

        if (memory.Creating.Count > 0)
        {
            wake.In(Soon, now);
        }

        FleetMetrics.Set(key, decision, pods, registry);
        var status = ClusterStatusBuilder.Build(cluster, spec, decision, pods, addresses, ProblemOf(memory, blocked, deleting), now);
        await WriteStatusAsync(cluster, status, memory, wake, cancellation).ConfigureAwait(false);
        return wake.From(time.GetUtcNow());
    }

    /// <summary>Forgets a fleet that is gone.</summary>
    public void Forget(ObjectKey key)
    {
        _memories.TryRemove(key, out _);
        registries.Forget(key);
        prober.Forget(key);
        directory.Forget(key);
        FleetMetrics.Forget(key);
    }

    private FleetMemory MemoryOf(ObjectKey key, SfuCluster cluster)
    {
        var memory = _memories.GetOrAdd(key, _ => new FleetMemory(cluster.Metadata.Uid));
        return memory.Uid == cluster.Metadata.Uid ? memory : _memories[key] = new FleetMemory(cluster.Metadata.Uid);
    }

    private async Task<RegistryView> RegistryOfAsync(ObjectKey key, SfuCluster cluster, bool valid, CancellationToken cancellation)
    {
        if (!valid && cluster.Spec.Redis.Addresses.Count == 0)
        {
            return NoRegistry;
        }

        var watcher = registries.Use(key, RegistryTarget.Of(cluster));

        // Planning before the registry was asked would take busy pods for pods that never served.
        await watcher.WaitUntilAskedAsync(cancellation).ConfigureAwait(false);
        return watcher.View;
    }

    private async Task<FleetObservation> ObservationAsync(
        SfuCluster cluster, FleetSpec spec, IReadOnlyList<ObservedPod> pods, RegistryView registry, FleetMemory memory, DateTimeOffset now, CancellationToken cancellation) => new()
        {
            Spec = spec,
            Instances = [.. pods.Select(pod => pod.Observation)],
            CreatesInFlight = await applier.InFlightAsync(cluster, memory, cancellation).ConfigureAwait(false),
            UsedNames = memory.UsedNames.All,
            RegistryReachableSince = registry.ReachableSince,
            Schedules = ScheduleWindows.Of(cluster.Spec.Autoscaling.Schedules, now),
            Demand = rooms.DemandOf(ObjectKey.Of(cluster)),
            Memory = memory.Scaling,
            NameSeed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
        };

    private static (string Reason, string Message)? ProblemOf(FleetMemory memory, string? blocked, bool deleting)
    {
        if (deleting)
        {
            return null;
        }

        if (memory.Faults.Count > 0)
        {
            return ("InvalidSpec", string.Join("; ", memory.Faults));
        }

        if (memory.MissingSecrets is { } missing)
        {
            return ("SecretMissing", missing);
        }

        return blocked is null ? null : ("PodRefused", blocked);
    }

    private void Report(SfuCluster cluster, FleetDecision decision)
    {
        if (cluster.Status is { ObservedGeneration: > 0, Revision: not null } before && before.DesiredReplicas != decision.Desired)
        {
            events.Normal(cluster, FleetEvents.Scaled, $"from {before.DesiredReplicas} to {decision.Desired} pods: {decision.Reason}");
        }
    }

    private async Task WriteStatusAsync(SfuCluster cluster, SfuClusterStatus status, FleetMemory memory, Wake wake, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var nextReport = memory.StatusWrittenAt + LoadReportInterval;
        if (nextReport > now && cluster.Status is { } written
            && Equal(ClusterStatusBuilder.WithoutLoad(written), ClusterStatusBuilder.WithoutLoad(status)))
        {
            wake.At(nextReport);
            return;
        }

        var old = cluster.Status?.Conditions ?? [];
        if (await writer.UpdateStatusAsync(cluster, status, cancellation).ConfigureAwait(false))
        {
            memory.StatusWrittenAt = now;
            Warn(cluster, old, status);
        }
    }

    // What went wrong becomes an Event when it goes wrong, not each time it is said.
    private void Warn(SfuCluster cluster, IReadOnlyList<k8s.Models.V1Condition> old, SfuClusterStatus status)
    {
        var before = Conditions.Find(old, SfuClusterConditions.Degraded);
        if (Conditions.Find(status.Conditions, SfuClusterConditions.Degraded) is { Status: "True" } degraded
            && (before?.Status != "True" || before.Reason != degraded.Reason))
        {
            events.Warning(cluster, degraded.Reason, degraded.Message);
        }
    }

    private static bool Equal(SfuClusterStatus a, SfuClusterStatus b) =>
        System.Text.Json.JsonSerializer.Serialize(a, ApiJson.Options) == System.Text.Json.JsonSerializer.Serialize(b, ApiJson.Options);

    /// <summary>The first of several moments.</summary>
    private sealed class Wake(DateTimeOffset latest)
    {
        private DateTimeOffset _at = latest;

        public void At(DateTimeOffset at) => _at = at < _at ? at : _at;

        public void In(TimeSpan delay, DateTimeOffset now) => At(now + delay);

        public TimeSpan From(DateTimeOffset now) => _at > now ? _at - now : TimeSpan.FromMilliseconds(50);
    }
}
