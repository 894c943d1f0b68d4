using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Writing;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>Carries out a plan, one action after the other. Ended anywhere, the next plan goes on from what was done.</summary>
internal sealed class FleetApplier(FleetCaches caches, ObjectWriter writer, ApiClient client, IEventRecorder events, FleetOptions options, TimeProvider time)
{
    /// <summary>How long a pod whose creation got no answer is believed to be on its way: longer than the server works at it.</summary>
    private static readonly TimeSpan CreationDoubt = ApiClient.WriteTimeout + TimeSpan.FromSeconds(5);

    private static readonly IReadOnlyDictionary<string, string?> Nothing = new Dictionary<string, string?>();

    /// <summary>Carries out the actions of a plan. One that fails leaves the others their turn.</summary>
    /// <returns>Why no pod may be created now; null when all that was wanted was created.</returns>
    public async Task<string?> ApplyAsync(
        SfuCluster cluster, FleetDecision decision, IReadOnlyList<ObservedPod> pods, FleetMemory memory, CancellationToken cancellation)
    {
        var byName = pods.ToDictionary(pod => pod.Pod.Metadata.Name, StringComparer.Ordinal);
        var made = new List<V1Pod>();
        string? blocked = null;
        foreach (var action in decision.Actions)
        {
            if (action.Kind is InstanceActionKind.Create)
            {
                blocked ??= Blocked(memory);
                if (blocked is null)
                {
                    await memory.Faults.TryAsync(
                        FleetFaults.PodRefused,
                        "a new pod",
                        async () => blocked = await CreateAsync(cluster, action, pods, made, memory, cancellation).ConfigureAwait(false),
                        cancellation).ConfigureAwait(false);
                }
            }
            else if (byName.TryGetValue(action.Instance, out var pod))
            {
                await memory.Faults.TryAsync(
                    FleetFaults.PodNotChanged, $"the pod {action.Instance}", () => ApplyAsync(cluster, action, pod, cancellation), cancellation).ConfigureAwait(false);
            }
        }

        return blocked;
    }

    /// <summary>Names of pods that were asked for and may yet appear.</summary>
    public async Task<IReadOnlyCollection<string>> InFlightAsync(SfuCluster cluster, FleetMemory memory, CancellationToken cancellation)
    {
        if (memory.Creating.Count == 0)
        {
            return [];
        }

        var known = caches.PodsOf(cluster).Select(pod => pod.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, until) in memory.Creating.ToList())
        {
            if (known.Contains(name))
            {
                memory.Creating.Remove(name);
            }
            else if (until <= time.GetUtcNow())
            {
                // While nobody can say that it is not there, it may be.
                await memory.Faults.TryAsync(FleetFaults.PodUnknown, $"the pod {name}", async () =>
                {
                    if (await client.GetAsync<V1Pod>(cluster.Metadata.NamespaceProperty, name, cancellation).ConfigureAwait(false) is null)
                    {
                        memory.Creating.Remove(name);
                    }
                }, cancellation).ConfigureAwait(false);
            }
        }

        return [.. memory.Creating.Keys];
    }

    private string? Blocked(FleetMemory memory) =>
        memory.MissingSecrets ?? (memory.Refused is { } refused && refused.Until > time.GetUtcNow() ? refused.Reason : null);

    private async Task<string?> CreateAsync(
        SfuCluster cluster, InstanceAction action, IReadOnlyList<ObservedPod> pods, List<V1Pod> made, FleetMemory memory, CancellationToken cancellation)
    {
        var hostPort = HostPorts.Pick(cluster.Spec.Network, pods.Select(pod => pod.Pod).Concat(made));
        var pod = PodBuilder.Build(cluster, new InstanceRequest(action.Instance, action.Revision!, memory.Image, hostPort) { Variables = options.NodeVariables });
        memory.Creating[action.Instance] = time.GetUtcNow() + CreationDoubt;
        try
        {
            made.Add(await writer.ApplyAsync(pod, null, cancellation).ConfigureAwait(false));
        }
        catch (ApiException refused) when (!refused.IsConflict)
        {
            // A quota, a policy, a field that the server does not take, a webhook that fails: another pod would be refused as well.
            memory.Creating.Remove(action.Instance);
            var times = (memory.Refused?.Times ?? 0) + 1;
            var wait = TimeSpan.FromSeconds(Math.Min(120, 2 << Math.Min(6, times)));
            memory.Refused = new Refusal($"the API server refuses pods: {WithoutName(refused.Message, cluster, action.Instance)}", times, time.GetUtcNow() + wait);
            events.Warning(cluster, FleetEvents.PodRefused, memory.Refused.Reason);
            return memory.Refused.Reason;
        }
        catch (Exception definite) when (definite is ApiException or WriteFencedException)
        {
            memory.Creating.Remove(action.Instance);
            throw;
        }

        memory.Refused = null;
        memory.UsedNames.Add(action.Instance);
        events.Normal(cluster, FleetEvents.PodCreated, $"{action.Instance}: {action.Reason}");
        return null;
    }

    // The next try has another name: words about a pod that was not made would never be the same twice, and no two Events one.
    private static string WithoutName(string message, SfuCluster cluster, string instance) =>
        message.Replace(instance, $"{cluster.Metadata.Name}-*", StringComparison.Ordinal);

    private async Task ApplyAsync(SfuCluster cluster, InstanceAction action, ObservedPod pod, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        switch (action.Kind)
        {
            case InstanceActionKind.Drain:
                await writer.AnnotateAsync(
                    pod.Pod, PodAnnotations.Drain(now, action.Deadline ?? now, action.Cause, action.Reason), Nothing, cancellation).ConfigureAwait(false);
                events.Normal(cluster, FleetEvents.DrainStarted, $"{action.Instance}: {action.Reason}");
                break;
            case InstanceActionKind.CallBack:
                await writer.AnnotateAsync(pod.Pod, PodAnnotations.NoDrain(), Nothing, cancellation).ConfigureAwait(false);
                events.Normal(cluster, FleetEvents.DrainCalledBack, $"{action.Instance}: {action.Reason}");
                break;
            case InstanceActionKind.Reconnect:
                await writer.AnnotateAsync(
                    pod.Pod, new Dictionary<string, string?> { [PodAnnotations.ReconnectAsked] = PodAnnotations.Text(now) }, Nothing, cancellation).ConfigureAwait(false);
                events.Normal(cluster, FleetEvents.ReconnectAsked, $"{action.Instance}: {action.Reason}");
                break;
            case InstanceActionKind.Delete:
                await writer.DeleteAsync(pod.Pod, GraceOf(pod), cancellation).ConfigureAwait(false);
                if (pod.Observation.IsDraining || IsUnused(pod) || pod.Observation.Phase is PodPhase.Succeeded)
                {
                    events.Normal(cluster, FleetEvents.PodDeleted, $"{action.Instance}: {action.Reason}");
                }
                else
                {
                    events.Warning(cluster, FleetEvents.PodReplaced, $"{action.Instance}: {action.Reason}");
                }

                break;
        }
    }

    // It never spoke and nobody was sent there. One that an operator before this one heard is no such pod.
    private static bool IsUnused(ObservedPod pod) => pod.Observation is { LastHeartbeat: null, IsBusy: false };

    /// <summary>
    /// How long the kubelet waits for the process to end. The pod's own grace is for an eviction that nobody announced; whoever
    /// is deleted here has nobody left, or is dead.
    /// </summary>
    private static TimeSpan GraceOf(ObservedPod pod) => pod.Observation switch
    {
        // No kubelet is there to confirm the end.
        { NodeGone: true } => TimeSpan.Zero,
        { Phase: PodPhase.Succeeded or PodPhase.Failed } => TimeSpan.FromSeconds(1),
        { IsDraining: true } => TimeSpan.FromSeconds(20),
        _ when IsUnused(pod) => TimeSpan.FromSeconds(20),
        _ => TimeSpan.FromSeconds(2),
    };
}

/// <summary>Reasons of the Events about a fleet.</summary>
internal static class FleetEvents
{
    public const string PodCreated = "PodCreated";
    public const string PodDeleted = "PodDeleted";
    public const string PodReplaced = "PodReplaced";
    public const string PodRefused = FleetFaults.PodRefused;
    public const string PodAdopted = "PodAdopted";
    public const string DrainStarted = "DrainStarted";
    public const string DrainCalledBack = "DrainCalledBack";
    public const string ReconnectAsked = "ReconnectAsked";
    public const string Scaled = "Scaled";
    public const string InvalidSpec = "InvalidSpec";
    public const string TurnUnreachable = "TurnUnreachable";
}

/// <summary>Reasons of the condition Degraded, and of the Events with it, when a part of a fleet's round fails.</summary>
internal static class FleetFaults
{
    public const string PodRefused = "PodRefused";
    public const string PodNotChanged = "PodNotChanged";
    public const string PodUnknown = "PodUnknown";
    public const string NodeUnknown = "NodeUnknown";
    public const string ServiceNotWritten = "ServiceNotWritten";
    public const string BudgetNotWritten = "BudgetNotWritten";
    public const string CredentialsNotWritten = "CredentialsNotWritten";
    public const string SecretUnknown = "SecretUnknown";
    public const string StatusNotWritten = "StatusNotWritten";
    public const string NodeNotTold = "NodeNotTold";

    /// <summary>Those of which an Event is written when they happen.</summary>
    public static IReadOnlySet<string> TellThemselves { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        PodRefused, PodNotChanged, PodUnknown, NodeUnknown, ServiceNotWritten, BudgetNotWritten, CredentialsNotWritten, SecretUnknown, StatusNotWritten, NodeNotTold,
    };
}

/// <summary>What the reconciler of fleets is told when the process starts.</summary>
/// <param name="NodeImage">The image of nodes whose fleet names none.</param>
public sealed record FleetOptions(string NodeImage)
{
    /// <summary>How long a fleet has to have been well with a new default image before the next one takes it.</summary>
    public TimeSpan RolloutPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Further variables of nodes, by name.</summary>
    public IReadOnlyDictionary<string, string> NodeVariables { get; init; } = new Dictionary<string, string>();
}
