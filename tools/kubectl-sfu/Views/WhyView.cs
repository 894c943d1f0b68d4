using System.Globalization;
using BuildIt.KubectlSfu.Output;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Replay;
using k8s.Models;

namespace BuildIt.KubectlSfu.Views;

/// <summary>Why something is as it is.</summary>
/// <param name="About">What.</param>
/// <param name="Answer">In one sentence.</param>
/// <param name="Inputs">What that follows from, by name.</param>
/// <param name="Conditions">What its object says.</param>
/// <param name="Decisions">What was decided lately, oldest first; what was decided again stands where it was decided last.</param>
/// <param name="Events">What was told lately, likewise.</param>
internal sealed record WhyView(
    string About, string Answer, IReadOnlyList<WhyInput> Inputs, IReadOnlyList<Remark> Conditions, IReadOnlyList<JournalEntry> Decisions, IReadOnlyList<EventRow> Events)
{
    private const int MostEvents = 15;

    /// <summary>Of a fleet.</summary>
    /// <param name="cluster">Its object.</param>
    /// <param name="account">What the operator says; null when it could not be asked.</param>
    /// <param name="events">Events about it.</param>
    public static WhyView Of(SfuCluster cluster, FleetAccount? account, IReadOnlyList<Corev1Event> events)
    {
        var inputs = new List<WhyInput>();
        if (account?.Last is { } last)
        {
            var observed = last.Observation;
            var total = observed.Instances.Aggregate(PodLoad.None, (sum, instance) => sum + (instance.Load ?? PodLoad.None));
            Add(inputs, "seen", $"{Words.Clock(last.At)}, {Words.Ago(last.At, account.At)}");
            Add(inputs, "pods", string.Join(", ", last.Decision.Verdicts.GroupBy(verdict => verdict.Liveness).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}")));
            Add(inputs, "load", Invariant($"{total.Rooms} rooms, {total.Participants} people, {total.Publishers} publishing, {total.Subscribers} receiving, {Words.Rate(total.Ingress)} in, {Words.Rate(total.Egress)} out"));
            Add(inputs, "capacity of a pod", Invariant($"{observed.Spec.Capacity.MaxRooms} rooms, {observed.Spec.Capacity.MaxPublishers} publishers, {observed.Spec.Capacity.MaxSubscribers} subscribers, {Words.Rate(observed.Spec.Capacity.Ingress)} in, {Words.Rate(observed.Spec.Capacity.Egress)} out"));
            Add(inputs, "target", $"{Words.Percent(observed.Spec.Scaling.TargetUtilization)} by {string.Join(", ", observed.Spec.Scaling.Metrics.Select(metric => metric.ToString().ToLowerInvariant()))}");
            Add(inputs, "bounds", observed.Spec.ManualReplicas is { } manual ? Invariant($"{manual} set by hand") : Invariant($"{observed.Spec.Min} to {observed.Spec.Max}"));
            Add(inputs, "waiting", Invariant($"{observed.Demand.PendingRooms.Count} rooms without a pod; {observed.Demand.ReservedParticipants} people expected in {observed.Demand.ReservedRooms} rooms"));
            Add(inputs, "revision", Invariant($"{observed.Spec.Revision}, which {observed.Instances.Count(instance => instance.Revision == observed.Spec.Revision)} of {observed.Instances.Count} pods have"));
            Add(inputs, "registry", observed.RegistryReachableSince is { } since ? $"answers, for {Words.Span(last.At - since)}" : "does not answer");
            Add(inputs, "to do", last.Decision.Actions.Count == 0 ? "nothing" : string.Join("; ", last.Decision.Actions.Select(action => $"{action.Kind} {action.Instance}: {action.Reason}")));
            Add(inputs, "next look", last.Decision.NextDeadline is { } next ? $"at the latest in {Words.Span(next - last.At)}" : "when something changes");
        }

        return new WhyView(
            $"fleet {cluster.Metadata.NamespaceProperty}/{cluster.Metadata.Name}",
            account is null ? "what its conditions say" : Invariant($"{account.Last.Decision.Desired} pods are wanted: {account.Last.Decision.Reason}"),
            inputs, Remarks(cluster.Status?.Conditions), account?.Journal ?? [], Rows(events));
    }

    /// <summary>Of a room.</summary>
    public static WhyView Of(ConferenceRoom room, RoomAccount? account, IReadOnlyList<Corev1Event> events)
    {
        var inputs = new List<WhyInput>();
        if (account is { Observation: { } seen })
        {
            Add(inputs, "phase", seen.Phase.ToString());
            Add(inputs, "pod", seen.Instance is { } pod ? $"{pod}, {(seen.OwnerLiveness?.ToString() ?? "which does not exist any more")}{(seen.OwnerMigrates ? ", being drained" : string.Empty)}{(seen.OwnerHeld ? ", in a fleet that is held" : string.Empty)}" : "none");
            Add(inputs, "on it since", seen.PlacedAt is { } placed ? Words.Ago(placed, account.At) : "never");
            Add(inputs, "people", seen.Occupancy is { } people ? Invariant($"{people.Participants}{(people.EmptySince is { } empty ? $", empty since {Words.Ago(empty, account.At)}" : string.Empty)}{(people.EverJoined ? string.Empty : ", nobody has joined yet")}") : "its pod does not report it");
            Add(inputs, "asked to move to", seen.MoveTo ?? "nowhere");
            Add(inputs, "pods lost", seen.Losses.Count == 0 ? "none lately" : string.Join(", ", seen.Losses.Select(loss => Words.Ago(loss, account.At))));
            Add(inputs, "ends", seen.ExpiresAt is { } expires ? $"at {Words.Time(expires)}" : $"{Words.Span(seen.DepartureTimeout)} after everybody has left, {Words.Span(seen.EmptyTimeout)} when nobody comes");
            foreach (var option in account.Options.Take(10))
            {
                Add(inputs, $"place {option.Instance}", $"{option.Objection ?? (option.Instance == seen.Instance ? "it is there" : "could take it")} ({Words.Percent(option.Load)} full{(option.Instance == seen.Instance ? string.Empty : " with it")})");
            }
        }

        return new WhyView(
            $"room {room.Metadata.NamespaceProperty}/{room.Metadata.Name}",
            account?.Decision is { } decision ? $"{decision.Step}: {decision.Reason}" : "what its conditions say",
            inputs, Remarks(room.Status?.Conditions), account?.Journal ?? [], Rows(events));
    }

    /// <summary>Of a pod of a fleet.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="pod">Its name.</param>
    /// <param name="account">What the operator says of its fleet.</param>
    /// <param name="status">What the fleet's object says of it; null when nothing.</param>
    /// <param name="events">Events about it.</param>
    public static WhyView Of(string ns, string pod, FleetAccount? account, InstanceStatus? status, IReadOnlyList<Corev1Event> events)
    {
        var inputs = new List<WhyInput>();
        var answer = status is null ? "no status names it" : $"{status.State}: {status.Reason}";
        if (account?.Last is { } last && last.Observation.Instances.FirstOrDefault(instance => instance.Name == pod) is { } seen)
        {
            var verdict = last.Decision.Verdicts.FirstOrDefault(each => each.Instance == pod);
            answer = $"{verdict.Liveness}: {verdict.Reason}";
            Add(inputs, "Kubernetes", $"{seen.Phase}{(seen.ReadySince is { } ready ? $", ready for {Words.Span(last.At - ready)}" : ", not ready")}{(seen.NodeCordoned ? ", its node takes no new pods" : string.Empty)}{(seen.NodeSilent ? ", its node is silent" : string.Empty)}{(seen.NodeGone ? ", its node is gone" : string.Empty)}{(seen.ProcessEnded ? ", its process has ended" : string.Empty)}");
            Add(inputs, "heartbeat", Words.Ago(seen.LastHeartbeat, last.At));
            Add(inputs, "probe", seen.ProbeFailures > 0 ? Invariant($"has failed {seen.ProbeFailures} times, for {Words.Span(last.At - (seen.ProbeFailingSince ?? last.At))}") : seen.ProbeAnswered ? "answers" : "has not answered yet");
            Add(inputs, "load", seen.Load is { } load ? Invariant($"{load.Rooms} rooms, {load.Participants} people, {Words.Rate(load.Ingress)} in, {Words.Rate(load.Egress)} out, processor {Words.Percent(load.Cpu)}: {Words.Percent(load.Highest(last.Observation.Spec.Capacity))} full") : "not reported");
            Add(inputs, "rooms placed there", Words.Number(seen.AssignedRooms));
            Add(inputs, "revision", seen.Revision == last.Observation.Spec.Revision ? $"{seen.Revision}, the newest" : $"{seen.Revision}; the newest is {last.Observation.Spec.Revision}");
            Add(inputs, "drain", seen.DrainStartedAt is { } began
                ? $"since {Words.Ago(began, last.At)} ({seen.DrainCause}), {(seen.DrainDeadline is { } deadline ? $"until {Words.Clock(deadline)}" : "at once")}{(seen.ReconnectAskedAt is null ? string.Empty : ", its people were asked to leave")}"
                : seen.DrainRequested ? "asked for by hand" : "none");
            Add(inputs, "to do", last.Decision.Actions.FirstOrDefault(action => action.Instance == pod) is { } action ? $"{action.Kind}: {action.Reason}" : "nothing");
        }

        return new WhyView(
            $"pod {ns}/{pod}", answer, inputs, [],
            [.. (account?.Journal ?? []).Where(entry => entry.What.Contains(pod, StringComparison.Ordinal) || entry.Reason.Contains(pod, StringComparison.Ordinal))], Rows(events));
    }

    private static void Add(List<WhyInput> inputs, string name, string value) => inputs.Add(new WhyInput(name, value));

    private static List<Remark> Remarks(IReadOnlyList<V1Condition>? conditions) =>
        [.. (conditions ?? []).Select(condition => new Remark($"{condition.Type}={condition.Status}", condition.Reason, condition.Message))];

    private static List<EventRow> Rows(IReadOnlyList<Corev1Event> events) => [.. events.Select(EventRow.Of).OrderBy(each => each.At).TakeLast(MostEvents)];

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Something that a decision follows from.</summary>
internal sealed record WhyInput(string Name, string Value);
