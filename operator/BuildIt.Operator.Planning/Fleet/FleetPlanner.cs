using System.Globalization;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Members;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Rollout;
using BuildIt.Operator.Planning.Scaling;
using BuildIt.Operator.Planning.Status;

namespace BuildIt.Operator.Planning.Fleet;

/// <summary>Plans one fleet: how many pods, which ones come and go, and what its status says.</summary>
public static class FleetPlanner
{
    /// <summary>
    /// A pure function: the same observation and time give the same decision. Applying a decision in part and planning again
    /// on what that led to comes to the same end.
    /// </summary>
    public static FleetDecision Plan(FleetObservation observed, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(observed);
        var spec = observed.Spec;
        var deadlines = new Deadlines(now);
        var health = HealthPlanner.Judge(observed, now, deadlines);
        var members = FleetMembers.Sort(observed, health, now, deadlines);
        var ready = members.Serving.Count(member => member.IsReady);
        var scaling = spec.Deleting
            ? Deleting(observed, members.Serving.Count)
            : ScalingPlanner.Plan(
                observed, members.Total, new ReadyPods(ready, Open(members.Serving, now, deadlines)),
                members.Serving.Count + members.InFlight, now, deadlines);

        var held = Held(spec, health);
        IReadOnlyList<InstanceAction> actions = [];
        RolloutDecision rollout;
        if (held is null)
        {
            var planner = new InstancePlanner(observed, members, now, deadlines);
            actions = planner.Plan(scaling.Desired, scaling.Reason);
            rollout = planner.Rollout;
        }
        else
        {
            scaling = Hold(observed, members, scaling, held);
            rollout = RolloutPlanner.Plan(spec, scaling.Desired, members.Serving, members.InFlight, now, deadlines);
        }

        return new FleetDecision
        {
            Desired = scaling.Desired,
            Reason = scaling.Reason,
            Actions = actions,
            Verdicts = health.Verdicts,
            Status = StatusPlanner.Summarise(observed, health, members, ready, scaling, rollout, now, deadlines),
            Memory = scaling.Memory with { SilentAt = health.SilentAt },
            NextDeadline = deadlines.Next,
        };
    }

    // What was wanted while nothing could be done counts afterwards; a step that was not made does not.
    private static ScalingDecision Hold(FleetObservation observed, FleetMembers members, ScalingDecision scaling, string why)
    {
        var spec = observed.Spec;
        var kept = Math.Clamp(
            observed.Memory?.Desired ?? members.Serving.Count + members.InFlight, Math.Min(spec.Min, spec.Max), spec.Max);
        return scaling with
        {
            Desired = kept,
            Reason = why,
            Memory = scaling.Memory with { Desired = kept, LastUp = observed.Memory?.LastUp, LastDown = observed.Memory?.LastDown },
        };
    }

    private static ScalingDecision Deleting(FleetObservation observed, int serving) => new(
        0, 0, "the fleet is being deleted", ScalingLimit.None, observed.Memory ?? new ScalingMemory { Desired = serving });

    /// <summary>Ready pods that will take whoever waits: those without a room, and those of which nobody can know yet.</summary>
    private static int Open(IReadOnlyList<Member> serving, DateTimeOffset now, Deadlines deadlines)
    {
        var open = 0;
        foreach (var member in serving)
        {
            if (member is { IsReady: true, Instance.ReadySince: { } since })
            {
                var isNew = since + ScalingPlanner.Placing > now;
                open += isNew || !member.Instance.IsBusy ? 1 : 0;
                if (isNew)
                {
                    deadlines.Add(since + ScalingPlanner.Placing);
                }
            }
        }

        return open;
    }

    private static string? Held(FleetSpec spec, FleetHealth health)
    {
        if (spec.Paused && !spec.Deleting)
        {
            return "the fleet is paused";
        }

        return health.WitnessSuspect && !spec.Deleting
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"all {health.Silent} pods fell silent at once: the fault is more likely with the registry or the network, so nothing is changed")
            : null;
    }
}
