using BuildIt.Operator.Api;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>One pod with what registry and probe say of it.</summary>
/// <param name="Pod">As cached; not to be changed.</param>
/// <param name="Newest">The newest word of the node itself, from the registry or a probe, however old.</param>
/// <param name="NewestAt">When that was heard, by the operator's clock.</param>
/// <param name="Observation">The same in the planner's terms.</param>
internal sealed record ObservedPod(V1Pod Pod, Heartbeat? Newest, DateTimeOffset? NewestAt, InstanceObservation Observation)
{
    public string Uid => Pod.Metadata.Uid;

    /// <summary>Puts together what is known of a pod. Pure.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="heard">Its newest heartbeat in the registry.</param>
    /// <param name="probe">What the operator's own probes found.</param>
    /// <param name="assigned">Rooms placed on it.</param>
    /// <param name="isCordoned">Its Kubernetes node takes no new pods.</param>
    /// <param name="isNodeSilent">Kubernetes does not hear from its node, or not that it is well.</param>
    /// <param name="isNodeGone">Kubernetes no longer knows its node.</param>
    public static ObservedPod Of(V1Pod pod, HeardHeartbeat? heard, ProbeRecord probe, int assigned, bool isCordoned, bool isNodeSilent, bool isNodeGone)
    {
        var newest = NewestOf(heard, probe);
        var newestAt = ReferenceEquals(newest, heard?.Heartbeat) ? heard?.At : probe.HeardAt;
        var readySince = ReadySince(pod);

        // Of a pod that takes people and has not been heard by this process, nobody knows who is on it.
        var unknown = newest is null && (readySince is not null || ResourceLabels.IsBusy(pod));
        var observation = new InstanceObservation
        {
            Name = pod.Metadata.Name,
            Revision = Label(pod, SfuApi.RevisionLabel),
            CreatedAt = Utc(pod.Metadata.CreationTimestamp) ?? DateTimeOffset.MinValue,
            Phase = PhaseOf(pod),
            ReadySince = readySince,
            NodeCordoned = isCordoned,
            NodeGone = isNodeGone,
            NodeSilent = isNodeSilent,
            ProcessEnded = HasEnded(pod),
            DrainRequested = pod.Metadata.Annotations is { } annotations
                && annotations.TryGetValue(PodAnnotations.DrainRequested, out var asked) && asked == "true",

            // A node that answers probes and never writes to the registry is late, not new.
            LastHeartbeat = heard?.At ?? probe.FirstAnswerAt,
            ProbeFailingSince = probe.FailingSince,
            ProbeFailures = probe.Failures,
            ProbeAnswered = probe.FirstAnswerAt is not null,
            HasServed = assigned > 0,
            Load = newest is null ? null : LoadOf(newest.Load),
            AssignedRooms = unknown ? Math.Max(1, assigned) : assigned,
            ReportsDrained = newest?.State is NodeState.Drained,
            DrainStartedAt = PodAnnotations.Time(pod, PodAnnotations.DrainStarted),
            DrainDeadline = PodAnnotations.Time(pod, PodAnnotations.DrainDeadline),
            DrainCause = PodAnnotations.Cause(pod),
            ReconnectAskedAt = PodAnnotations.Time(pod, PodAnnotations.ReconnectAsked),
        };
        return new ObservedPod(pod, newest, newestAt, observation);
    }

    /// <summary>Of one process the later in its own count, of two the one that was heard last.</summary>
    private static Heartbeat? NewestOf(HeardHeartbeat? heard, ProbeRecord probe)
    {
        if (heard is null || probe.Heartbeat is not { } probed)
        {
            return heard?.Heartbeat ?? probe.Heartbeat;
        }

        var probeIsNewer = probed.Boot == heard.Heartbeat.Boot ? probed.IsNewerThan(heard.Heartbeat) : probe.HeardAt > heard.At;
        return probeIsNewer ? probed : heard.Heartbeat;
    }

    public static string Label(V1Pod pod, string key) =>
        pod.Metadata.Labels is { } labels && labels.TryGetValue(key, out var value) ? value : string.Empty;

    private static PodPhase PhaseOf(V1Pod pod) => pod switch
    {
        { Metadata.DeletionTimestamp: not null } => PodPhase.Terminating,
        { Status.Phase: "Pending" } or { Status: null } => PodPhase.Pending,
        { Status.Phase: "Succeeded" } => PodPhase.Succeeded,
        { Status.Phase: "Failed" } => PodPhase.Failed,
        _ => PodPhase.Running,
    };

    // Between two tries Kubernetes calls a container waiting, and tells in its last state that there was one.
    private static bool HasEnded(V1Pod pod) =>
        pod.Status?.ContainerStatuses?.FirstOrDefault(container => container.Name == PodBuilder.ContainerName) is { } node
        && (node.State?.Terminated is not null || (node.State?.Waiting is not null && node.LastState?.Terminated is not null));

    private static DateTimeOffset? ReadySince(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "Ready", Status: "True" }) is { } ready
            ? Utc(ready.LastTransitionTime) ?? Utc(pod.Metadata.CreationTimestamp) ?? DateTimeOffset.MinValue
            : null;

    private static DateTimeOffset? Utc(DateTime? time) =>
        time is { } known ? new DateTimeOffset(DateTime.SpecifyKind(known.ToUniversalTime(), DateTimeKind.Utc)) : null;

    // The contract says zero or more; what comes over the network is held to it.
    private static PodLoad LoadOf(NodeLoad load) => new(
        Clamp(load.Rooms),
        Clamp(load.Participants),
        Clamp(load.Publishers),
        Clamp(load.Subscribers),
        Math.Clamp(load.IngressBitsPerSecond, 0, MaxRate),
        Math.Clamp(load.EgressBitsPerSecond, 0, MaxRate),
        double.IsFinite(load.Cpu) ? Math.Clamp(load.Cpu, 0, 1) : 0);

    // No node carries more, and ten thousand of them still fit the sums.
    private const long MaxRate = 100_000_000_000_000;

    private static int Clamp(int count) => Math.Clamp(count, 0, 100_000);
}
