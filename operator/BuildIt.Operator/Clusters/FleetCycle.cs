using System.Collections.Concurrent;
using System.Security.Cryptography;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Resources.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;
using BuildIt.Operator.Turn;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Clusters;

/// <summary>One round for one fleet: observe, plan, apply, report. The same whether the fleet lives or is being deleted.</summary>
internal sealed partial class FleetCycle(
    FleetObserver observer,
    FleetSurroundings surroundings,
    NamedSecrets secrets,
    FleetApplier applier,
    NodeOrders orders,
    PodMetadata metadata,
    FleetCaches caches,
    RegistryHub registries,
    NodeProber prober,
    TurnWatch turns,
    FleetDirectory directory,
    FleetJournal journal,
    IRoomBurden rooms,
    ObjectWriter writer,
    IEventRecorder events,
    DefaultImages images,
    TimeProvider time,
    ILogger<FleetCycle> log)
{
    /// <summary>A status in which only load differs is written at most so often.</summary>
    private static readonly TimeSpan LoadReportInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    /// <summary>Whoever waits for other fleets looks so often whether they are done.</summary>
    private static readonly TimeSpan TurnInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private static readonly RegistryView NoRegistry = new(null, new Dictionary<string, HeardHeartbeat>(), Asked: false);

    private readonly ConcurrentDictionary<ObjectKey, FleetMemory> _memories = new();

    /// <summary>
    /// Runs a round. What it concludes is known to everybody before anything is written, so that no write that fails or hangs keeps
    /// rooms from leaving the dead.
    /// </summary>
    /// <returns>When to run the next one at the latest.</returns>
    public async Task<TimeSpan> RunAsync(SfuCluster cluster, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(cluster);
        var memory = MemoryOf(key, cluster);
        var (image, takes) = images.Of(cluster);
        memory.Read(cluster, image);
        memory.Faults.Begin(fault => Tell(cluster, fault));
        var deleting = cluster.Metadata.DeletionTimestamp is not null;
        var valid = memory.SpecFaults.Count == 0;
        if (cluster.Status is null && !deleting)
        {
            await memory.Faults.TryAsync(
                FleetFaults.StatusNotWritten,
                "the status",
                () => writer.UpdateStatusAsync(cluster, ClusterStatusBuilder.First(cluster, time.GetUtcNow()), cancellation),
                cancellation).ConfigureAwait(false);
        }

        var wake = new Wake(time.GetUtcNow() + LongestWait);
        var registry = await RegistryOfAsync(key, cluster, valid, cancellation).ConfigureAwait(false);
        if (surroundings.CredentialsOf(cluster) is { } kept)
        {
            prober.Of(key).UseCredentials(kept);
        }

        var pods = await observer.ObserveAsync(cluster, registry, memory.Faults, cancellation).ConfigureAwait(false);
        var now = time.GetUtcNow();

        // A spec that says nothing sensible is no reason to touch what runs.
        var spec = FleetSpecs.From(cluster, memory.Revision);
        spec = valid || deleting ? spec : spec with { Paused = true };
        var observation = await ObservationAsync(cluster, spec, pods, registry, memory, now, cancellation).ConfigureAwait(false);
        var decision = FleetPlanner.Plan(observation, now);
        journal.Note(key, new FleetRecord(now, observation with { UsedNames = [] }, decision));
        memory.Scaling = decision.Memory;
        foreach (var pod in pods)
        {
            memory.UsedNames.Add(pod.Observation.Name);
        }

        Publish(cluster, spec, decision, pods, registry);
        if (decision.NextDeadline is { } next)
        {
            wake.At(next);
        }

        var (blocked, addresses) = await CarryOutAsync(cluster, decision, pods, memory, wake, cancellation).ConfigureAwait(false);
        (bool? Answers, string Fault)? turn = valid && cluster.Spec.Turn is { } named ? turns.StateOf(TurnTarget.Of(named), key) : null;
        FleetMetrics.SetTurn(key, turn?.Answers);
        var status = ClusterStatusBuilder.Build(cluster, spec, decision, pods, addresses, ProblemOf(memory, blocked, deleting), turn, now);
        var running = pods.Count(pod => pod.Observation.Phase is PodPhase.Running or PodPhase.Terminating);
        var usage = cluster.Status?.Usage;
        if (PodTime.IsDue(usage, running, now))
        {
            usage = PodTime.Advance(usage, running, now);
        }

        status = status with { Usage = usage, Image = image };
        if (!takes.MayTake)
        {
            status = ClusterStatusBuilder.Waiting(cluster, status, takes.Waits!, now);
            wake.In(TurnInterval, now);
            if (takes.NextAt is { } at)
            {
                wake.At(at);
            }
        }

        if (running > 0)
        {
            wake.In(PodTime.Interval, now);
        }

        await memory.Faults.TryAsync(
            FleetFaults.StatusNotWritten, "the status", () => WriteStatusAsync(cluster, status, memory, wake, cancellation), cancellation).ConfigureAwait(false);
        memory.Faults.End();
        if (memory.Faults.NextTry is { } again)
        {
            wake.At(again);
        }

        return wake.From(time.GetUtcNow());
    }

    /// <summary>Forgets a fleet that is gone.</summary>
    public void Forget(ObjectKey key)
    {
        _memories.TryRemove(key, out _);
        registries.Forget(key);
        prober.Forget(key);
        directory.Forget(key);
        journal.Forget(key);
        FleetMetrics.Forget(key);
    }

    /// <summary>Lets everybody know what was concluded.</summary>
    private void Publish(SfuCluster cluster, FleetSpec spec, FleetDecision decision, IReadOnlyList<ObservedPod> pods, RegistryView registry)
    {
        var key = ObjectKey.Of(cluster);
        directory.Put(new FleetView(
            key,
            cluster,
            spec,
            [.. pods.Select((pod, i) => new FleetInstance(pod.Observation, decision.Verdicts[i].Liveness, pod.Newest?.Endpoints, pod.Newest?.Rooms ?? [], pod.NewestAt) { Fences = pod.Newest?.Fences ?? [], Boot = pod.Newest?.Boot ?? string.Empty })],
            decision.Status.Conditions.Any(condition => condition is { Reason: "FleetSilent", Status: true })));
        FleetMetrics.Set(key, decision, pods, registry);
        Report(cluster, decision);
    }

    /// <summary>Makes the world be as planned.</summary>
    /// <returns>Why no pod may be created now, if so, and the media addresses by pod uid.</returns>
    private async Task<(string? Blocked, IReadOnlyDictionary<string, MediaAddress> Addresses)> CarryOutAsync(
        SfuCluster cluster, FleetDecision decision, IReadOnlyList<ObservedPod> pods, FleetMemory memory, Wake wake, CancellationToken cancellation)
    {
        var faults = memory.Faults;
        var lives = memory.SpecFaults.Count == 0 && cluster.Metadata.DeletionTimestamp is null;
        if (lives)
        {
            await faults.TryAsync(FleetFaults.CredentialsNotWritten, "the control certificates", async () =>
            {
                var (authority, lookAgainAt) = await surroundings.EnsureCredentialsAsync(cluster, cancellation).ConfigureAwait(false);
                prober.Of(ObjectKey.Of(cluster)).UseCredentials(authority);
                wake.At(lookAgainAt);
            }, cancellation).ConfigureAwait(false);
            await surroundings.EnsureAsync(cluster, faults, cancellation).ConfigureAwait(false);
            await faults.TryAsync(
                FleetFaults.SecretUnknown,
                "the Secrets that the spec names",
                async () => wake.At(await secrets.CheckAsync(cluster, memory, cancellation).ConfigureAwait(false)),
                cancellation).ConfigureAwait(false);
        }

        var blocked = await applier.ApplyAsync(cluster, decision, pods, memory, cancellation).ConfigureAwait(false);
        if (lives)
        {
            await surroundings.EnsureInstanceServicesAsync(cluster, caches.PodsOf(cluster), faults, cancellation).ConfigureAwait(false);
        }

        var addresses = await metadata.WriteAsync(cluster, pods, faults, cancellation).ConfigureAwait(false);
        await faults.TryAsync(FleetFaults.NodeNotTold, "the nodes that drain", async () =>
        {
            if (await orders.GiveAsync(cluster, pods, memory, cancellation).ConfigureAwait(false))
            {
                wake.In(Retry, time.GetUtcNow());
            }
        }, cancellation, needsApi: false).ConfigureAwait(false);
        if (memory.Refused is { } refused)
        {
            wake.At(refused.Until);
        }

        if (memory.Creating.Count > 0)
        {
            wake.In(Retry, time.GetUtcNow());
        }

        return (blocked, addresses);
    }

    private FleetMemory MemoryOf(ObjectKey key, SfuCluster cluster)
    {
        var memory = _memories.GetOrAdd(key, _ => new FleetMemory(cluster.Metadata.Uid, time));
        return memory.Uid == cluster.Metadata.Uid ? memory : _memories[key] = new FleetMemory(cluster.Metadata.Uid, time);
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

    /// <summary>Everything that is wrong beyond what the plan knows; the gravest gives the reason.</summary>
    private static (string Reason, string Message)? ProblemOf(FleetMemory memory, string? blocked, bool deleting)
    {
        var problems = new List<(string Reason, string Message)>();
        if (!deleting && memory.SpecFaults.Count > 0)
        {
            problems.Add(("InvalidSpec", string.Join("; ", memory.SpecFaults)));
        }
        else if (!deleting && memory.MissingSecrets is { } missing)
        {
            problems.Add(("SecretMissing", missing));
        }
        else if (!deleting && blocked is not null)
        {
            problems.Add((FleetFaults.PodRefused, blocked));
        }

        if (memory.Faults.Summary() is { } faults)
        {
            problems.Add(faults);
        }

        return problems.Count == 0 ? null : (problems[0].Reason, string.Join("; ", problems.Select(problem => problem.Message)));
    }

    private void Tell(SfuCluster cluster, PartFault fault)
    {
        LogFault(fault.Cause, ObjectKey.Of(cluster), fault.Reason, fault.Times);
        if (!RoundFaults.IsSilence(fault.Cause))
        {
            events.Warning(cluster, fault.Reason, fault.Message);
        }
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
    private void Warn(SfuCluster cluster, IReadOnlyList<V1Condition> old, SfuClusterStatus status)
    {
        var before = Conditions.Find(old, SfuClusterConditions.Degraded);
        if (Conditions.Find(status.Conditions, SfuClusterConditions.Degraded) is { Status: "True" } degraded
            && (before?.Status != "True" || before.Reason != degraded.Reason) && !FleetFaults.TellThemselves.Contains(degraded.Reason))
        {
            events.Warning(cluster, degraded.Reason, degraded.Message);
        }

        if (Conditions.Find(status.Conditions, SfuClusterConditions.TurnReachable) is { Status: "False" } turn
            && Conditions.Find(old, SfuClusterConditions.TurnReachable)?.Status != "False")
        {
            events.Warning(cluster, turn.Reason, turn.Message);
        }
    }

    private static bool Equal(SfuClusterStatus a, SfuClusterStatus b) =>
        System.Text.Json.JsonSerializer.Serialize(a, ApiJson.Options) == System.Text.Json.JsonSerializer.Serialize(b, ApiJson.Options);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Cluster}: {Reason}, {Times} times in a row; it will be tried again")]
    private partial void LogFault(Exception failure, ObjectKey cluster, string reason, int times);

    /// <summary>The first of several moments.</summary>
    private sealed class Wake(DateTimeOffset latest)
    {
        private DateTimeOffset _at = latest;

        public void At(DateTimeOffset at) => _at = at < _at ? at : _at;

        public void In(TimeSpan delay, DateTimeOffset now) => At(now + delay);

        public TimeSpan From(DateTimeOffset now) => _at > now ? _at - now : TimeSpan.FromMilliseconds(50);
    }
}
