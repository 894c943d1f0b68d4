using System.Globalization;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Members;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Rollout;
using BuildIt.Operator.Planning.Scaling;

namespace BuildIt.Operator.Planning.Status;

/// <summary>Puts a fleet's state into words.</summary>
internal static class StatusPlanner
{
    public static FleetStatus Summarise(
        FleetObservation observed,
        FleetHealth health,
        FleetMembers members,
        int ready,
        ScalingDecision scaling,
        RolloutDecision rollout,
        DateTimeOffset now,
        Deadlines deadlines)
    {
        var spec = observed.Spec;
        var serving = members.Serving.Count;
        return new FleetStatus
        {
            Replicas = serving,
            ReadyReplicas = ready,
            DrainingReplicas = members.Draining.Count,
            UpdatedReplicas = members.Serving.Count(member => member.IsCurrent),
            Rooms = members.Total.Rooms,
            Participants = members.Total.Participants,
            Load = Load(spec, members.Total, ready),
            Conditions =
            [
                Available(scaling.Desired, ready),
                Progressing(scaling.Desired, serving, ready, members.Draining.Count, rollout),
                Degraded(observed, health, now, deadlines),
                ScalingLimited(spec, scaling),
                new PlannedCondition(
                    FleetConditions.Paused, spec.Paused, spec.Paused ? "PausedBySpec" : "NotPaused", spec.Paused ? "spec.paused is true: no pod is changed; rooms of a pod that dies are placed on others" : ""),
            ],
        };
    }

    private static double Load(FleetSpec spec, PodLoad total, int ready)
    {
        var highest = 0.0;
        foreach (var metric in spec.Scaling.Metrics)
        {
            highest = Math.Max(highest, total.FractionOf(spec.Capacity, metric));
        }

        return ready == 0 ? highest : highest / ready;
    }

    private static PlannedCondition Available(int desired, int ready)
    {
        if (desired == 0)
        {
            return new(FleetConditions.Available, true, "ScaledToZero", "no pod is wanted; one starts when a room asks for it");
        }

        return ready > 0
            ? new(FleetConditions.Available, true, "PodsReady", Invariant($"{ready} of {desired} pods take rooms"))
            : new(FleetConditions.Available, false, "NoPodReady", Invariant($"none of {desired} pods takes rooms"));
    }

    private static PlannedCondition Progressing(int desired, int serving, int ready, int draining, RolloutDecision rollout)
    {
        if (rollout.InProgress)
        {
            return new(FleetConditions.Progressing, true, "RollingOut", rollout.Reason);
        }

        if (serving != desired)
        {
            return new(FleetConditions.Progressing, true, "Scaling", Invariant($"from {serving} pods to {desired}"));
        }

        if (ready < desired)
        {
            return new(FleetConditions.Progressing, true, "Starting", Invariant($"{desired - ready} of {desired} pods are not ready yet"));
        }

        return draining > 0
            ? new(FleetConditions.Progressing, true, "Draining", Invariant($"{draining} pods are being drained"))
            : new(FleetConditions.Progressing, false, "Settled", Invariant($"{ready} pods, as wanted"));
    }

    private static PlannedCondition Degraded(FleetObservation observed, FleetHealth health, DateTimeOffset now, Deadlines deadlines)
    {
        if (health.WitnessSuspect)
        {
            return new(FleetConditions.Degraded, true, "FleetSilent", Invariant(
                $"all {health.Silent} pods fell silent at once; nothing is changed until one is heard, or Kubernetes says that they are gone"));
        }

        if (observed.RegistryReachableSince is null)
        {
            return new(FleetConditions.Degraded, true, "RegistryUnreachable", "the registry does not answer; pods keep what they have");
        }

        var suspect = health.Verdicts.Count(verdict => verdict.Liveness is Liveness.Suspect);
        var dead = health.Verdicts.Count(verdict => verdict.Liveness is Liveness.Dead);
        if (dead + suspect > 0)
        {
            var first = health.Verdicts.First(verdict => verdict.Liveness is Liveness.Dead or Liveness.Suspect);
            return new(FleetConditions.Degraded, true, dead > 0 ? "PodsDead" : "PodsSuspect", Invariant(
                $"{dead} pods are dead and {suspect} are suspect; {first.Instance}: {first.Reason}"));
        }

        foreach (var instance in observed.Instances)
        {
            if (instance.ReadySince is not null || instance.IsDraining || instance.Phase is not (PodPhase.Pending or PodPhase.Running))
            {
                continue;
            }

            if (now - instance.CreatedAt >= HealthPolicy.StartDeadline)
            {
                return new(FleetConditions.Degraded, true, "PodNotStarting", Invariant(
                    $"{instance.Name} has not become ready within {HealthPolicy.StartDeadline}; see its events"));
            }

            deadlines.Add(instance.CreatedAt + HealthPolicy.StartDeadline);
        }

        return new(FleetConditions.Degraded, false, "AllWell", "");
    }

    private static PlannedCondition ScalingLimited(FleetSpec spec, ScalingDecision scaling) => scaling.Limit switch
    {
        ScalingLimit.Max => new(FleetConditions.ScalingLimited, true, "MaxReached", Invariant(
            $"{scaling.Wanted} pods are needed and spec.replicas.max is {spec.Max}")),
        ScalingLimit.Min => new(FleetConditions.ScalingLimited, true, "MinReached", Invariant(
            $"{scaling.Wanted} pods would do and spec.replicas.min is {spec.Min}")),
        _ => new(FleetConditions.ScalingLimited, false, "WithinBounds", ""),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
