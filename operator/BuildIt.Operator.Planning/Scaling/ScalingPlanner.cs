using System.Globalization;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Scaling;

/// <summary>Decides how many pods a fleet should have.</summary>
internal static class ScalingPlanner
{
    /// <summary>How long after a pod has become ready those who waited for it may take to be placed.</summary>
    public static readonly TimeSpan Placing = TimeSpan.FromSeconds(3);

    /// <param name="observed">The fleet.</param>
    /// <param name="total">The load of all its pods together, the dead ones' included: it comes back elsewhere.</param>
    /// <param name="ready">Pods that take rooms now.</param>
    /// <param name="serving">Pods that take rooms now or will once they have started.</param>
    /// <param name="now">The time.</param>
    /// <param name="deadlines">Gathers when time alone changes the answer.</param>
    public static ScalingDecision Plan(
        FleetObservation observed, PodLoad total, ReadyPods ready, int serving, DateTimeOffset now, Deadlines deadlines)
    {
        var spec = observed.Spec;
        var memory = observed.Memory ?? Fresh(spec, serving, now);
        var (wanted, why) = Wanted(observed, total, ready, now, deadlines);
        var min = Math.Min(spec.Min, spec.Max);
        var bounded = Math.Clamp(wanted, min, spec.Max);
        var limit = wanted > spec.Max ? ScalingLimit.Max : wanted < min ? ScalingLimit.Min : ScalingLimit.None;
        if (limit is not ScalingLimit.None)
        {
            why = Invariant($"{why}; {(limit is ScalingLimit.Max ? "no more" : "no fewer")} than {bounded} are allowed");
        }

        if (spec.ManualReplicas is not null)
        {
            return new ScalingDecision(bounded, wanted, why, limit, memory with { Desired = bounded });
        }

        memory = memory with
        {
            Highest = memory.Highest.Add(now, bounded, spec.Scaling.Down.Stabilization, highest: true),
            Lowest = memory.Lowest.Add(now, bounded, spec.Scaling.Up.Stabilization, highest: false),
        };
        var current = Math.Clamp(memory.Desired, min, spec.Max);
        return bounded == current
            ? new ScalingDecision(current, wanted, why, limit, memory with { Desired = current })
            : bounded > current
                ? Up(spec.Scaling.Up, memory, current, wanted, why, limit, now, deadlines)
                : Down(spec.Scaling.Down, memory, current, wanted, why, limit, now, deadlines);
    }

    // After a restart nothing is known of the past, so what exists counts as wanted until a whole window says otherwise.
    private static ScalingMemory Fresh(FleetSpec spec, int serving, DateTimeOffset now)
    {
        var desired = Math.Clamp(serving, Math.Min(spec.Min, spec.Max), spec.Max);
        return new ScalingMemory
        {
            Desired = desired,
            Highest = SlidingExtreme.Empty.Add(now, desired, spec.Scaling.Down.Stabilization, highest: true),
        };
    }

    private static (int Pods, string Why) Wanted(
        FleetObservation observed, PodLoad total, ReadyPods ready, DateTimeOffset now, Deadlines deadlines)
    {
        var spec = observed.Spec;
        if (spec.ManualReplicas is { } manual)
        {
            return (manual, Invariant($"{manual} set by hand"));
        }

        var demand = LoadDemand.Of(spec, total, observed.Demand);
        var warm = spec.Scaling.Warm.Of(demand.Pods);
        var pods = (int)Math.Min(int.MaxValue, (long)demand.Pods + warm);
        var why = demand.Pods == 0
            ? "no load"
            : Invariant($"{Name(demand.Metric)} would fill {demand.PodsFull:0.##} pods, which at {spec.Scaling.TargetUtilization:0.##} each takes {demand.Pods}");
        if (warm > 0)
        {
            why = Invariant($"{why}, and {warm} warm");
        }

        // An open pod takes any room: those who waited for one are about to be placed there.
        var forPending = PendingRooms.PodsFor(spec, observed.Demand.PendingRooms) - ready.Open;
        if (forPending > 0 && ready.Count + forPending > pods)
        {
            pods = ready.Count + forPending;
            why = Invariant($"{observed.Demand.PendingRooms.Count} rooms wait and fit no pod, which takes {forPending} more");
        }

        if (ScheduleWindow.InForce(observed.Schedules, now, deadlines) is { } schedule && schedule.Min > pods)
        {
            pods = schedule.Min;
            why = Invariant($"schedule {schedule.Name} asks for {schedule.Min}");
        }

        return (pods, why);
    }

    private static ScalingDecision Up(
        ScalingBehavior behavior,
        ScalingMemory memory,
        int current,
        int wanted,
        string why,
        ScalingLimit limit,
        DateTimeOffset now,
        Deadlines deadlines)
    {
        var target = Math.Max(current, memory.Lowest.Value ?? current);
        if (target == current)
        {
            AddIfKnown(deadlines, memory.Lowest.ChangesAt(behavior.Stabilization));
            return new ScalingDecision(
                current, wanted, Invariant($"{why}; waits for {behavior.Stabilization} to be sure"), limit, memory with { Desired = current });
        }

        if (Steps(behavior, memory.LastUp, current, target, now, deadlines) is not { } next)
        {
            return new ScalingDecision(current, wanted, Invariant($"{why}; one step at a time"), limit, memory with { Desired = current });
        }

        return new ScalingDecision(next, wanted, why, limit, memory with { Desired = next, LastUp = now });
    }

    private static ScalingDecision Down(
        ScalingBehavior behavior,
        ScalingMemory memory,
        int current,
        int wanted,
        string why,
        ScalingLimit limit,
        DateTimeOffset now,
        Deadlines deadlines)
    {
        var target = Math.Min(current, memory.Highest.Value ?? current);
        if (target == current)
        {
            AddIfKnown(deadlines, memory.Highest.ChangesAt(behavior.Stabilization));
            return new ScalingDecision(
                current, wanted, Invariant($"{why}; shrinks when that has held for {behavior.Stabilization}"), limit, memory with { Desired = current });
        }

        if (Steps(behavior, memory.LastDown, current, target, now, deadlines) is not { } next)
        {
            return new ScalingDecision(current, wanted, Invariant($"{why}; one step at a time"), limit, memory with { Desired = current });
        }

        return new ScalingDecision(next, wanted, why, limit, memory with { Desired = next, LastDown = now });
    }

    private static int? Steps(
        ScalingBehavior behavior, DateTimeOffset? last, int current, int target, DateTimeOffset now, Deadlines deadlines)
    {
        // A step of nothing would hold a fleet at zero for ever.
        var step = Math.Max(1, behavior.MaxStep.Of(current));
        var whole = step >= Math.Abs(target - current);
        if (last + behavior.StepInterval is { } next && next > now && !(whole && behavior.MaxStep == PodAmount.Unlimited))
        {
            deadlines.Add(next);
            return null;
        }

        if (!whole)
        {
            deadlines.Add(now + behavior.StepInterval);
        }

        return target > current ? current + Math.Min(step, target - current) : current - Math.Min(step, current - target);
    }

    private static void AddIfKnown(Deadlines deadlines, DateTimeOffset? at)
    {
        if (at is { } known)
        {
            deadlines.Add(known);
        }
    }

    private static string Name(LoadMetric metric) => metric switch
    {
        LoadMetric.Publishers => "publishers",
        LoadMetric.Subscribers => "subscribers",
        LoadMetric.Rooms => "rooms",
        LoadMetric.Ingress => "ingress",
        LoadMetric.Egress => "egress",
        _ => "cpu",
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Pods that take rooms now.</summary>
/// <param name="Count">All of them.</param>
/// <param name="Open">Those that will take whoever waits: those without a room, and those that have only just become ready.</param>
internal readonly record struct ReadyPods(int Count, int Open);

/// <summary>How many pods, why, and what stands in the way of as many as load asks for.</summary>
internal sealed record ScalingDecision(int Desired, int Wanted, string Reason, ScalingLimit Limit, ScalingMemory Memory);

/// <summary>The bound that keeps a fleet from the size its load asks for.</summary>
public enum ScalingLimit
{
    None,
    Min,
    Max,
}
