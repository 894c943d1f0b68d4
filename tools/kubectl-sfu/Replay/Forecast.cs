using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.KubectlSfu.Replay;

/// <summary>Something that the operator would do, and how long from now.</summary>
internal sealed record ForecastStep(TimeSpan After, int Desired, string What, string Reason);

/// <summary>What would become of a fleet.</summary>
/// <param name="Steps">What would be done, in this order.</param>
/// <param name="First">The very next decision.</param>
/// <param name="Pods">Pods that would serve at the end of the time looked at.</param>
/// <param name="Waiting">Rooms that would still wait for a pod then.</param>
internal sealed record Forecast(IReadOnlyList<ForecastStep> Steps, FleetDecision First, int Pods, int Waiting)
{
    /// <summary>How long a new pod takes until it is ready, which a forecast has to assume.</summary>
    public static readonly TimeSpan Start = TimeSpan.FromSeconds(20);

    /// <summary>How long the rooms of a pod that is drained take to move.</summary>
    private static readonly TimeSpan Move = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ShortestStep = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Runs the operator's own planner from an observation on, with pods that start, move their rooms and end as they are told to. People
    /// neither come nor go. Pure.
    /// </summary>
    public static Forecast Of(FleetObservation observed, DateTimeOffset from, TimeSpan length)
    {
        var world = observed with { Instances = [.. observed.Instances], UsedNames = [] };
        var alive = FleetPlanner.Plan(observed, from).Verdicts.Where(verdict => verdict.Liveness is Liveness.Alive or Liveness.Starting).Select(verdict => verdict.Instance).ToHashSet(StringComparer.Ordinal);
        var steps = new List<ForecastStep>();
        FleetDecision? first = null;
        var desired = observed.Memory?.Desired;
        for (var now = from; now <= from + length;)
        {
            var decision = FleetPlanner.Plan(world = Live(world, alive, now), now);
            first ??= decision;
            if (desired is not null && decision.Desired != desired)
            {
                steps.Add(new ForecastStep(now - from, decision.Desired, $"{decision.Desired} pods wanted instead of {desired}", decision.Reason));
            }

            desired = decision.Desired;
            steps.AddRange(decision.Actions.Select(action => new ForecastStep(now - from, decision.Desired, $"{action.Kind} {action.Instance}", action.Reason)));
            foreach (var action in decision.Actions)
            {
                world = Apply(world, action, now);
                alive.Add(action.Instance);
            }

            world = world with { Memory = decision.Memory, NameSeed = unchecked(world.NameSeed + 1) };
            var wait = (decision.NextDeadline - now) ?? LongestStep;
            now += wait < ShortestStep ? ShortestStep : wait > LongestStep ? LongestStep : wait;
        }

        return new Forecast(steps, first!, world.Instances.Count(instance => !instance.IsDraining), world.Demand.PendingRooms.Count);
    }

    /// <summary>Lets pods do what pods do: those that live are heard, new ones become ready, drained ones lose their rooms, and rooms that wait go to pods that have place.</summary>
    private static FleetObservation Live(FleetObservation world, HashSet<string> alive, DateTimeOffset now)
    {
        var next = world with
        {
            Instances =
            [
                .. world.Instances.Select(instance => !alive.Contains(instance.Name) ? instance : instance with
                {
                    LastHeartbeat = instance.ReadySince is not null || now >= instance.CreatedAt + Start ? now : instance.LastHeartbeat,
                    ReadySince = instance.ReadySince ?? (now >= instance.CreatedAt + Start ? now : null),
                    Phase = instance.Phase is PodPhase.Pending && now >= instance.CreatedAt + Start ? PodPhase.Running : instance.Phase,
                    ProbeAnswered = instance.ProbeAnswered || now >= instance.CreatedAt + Start,
                    ProbeFailures = 0,
                    ProbeFailingSince = null,
                    Load = instance.Load ?? (now >= instance.CreatedAt + Start ? PodLoad.None : null),
                }),
            ],
        };
        foreach (var leaving in next.Instances.Where(instance => instance.IsDraining && instance.IsBusy && HasMoved(next.Spec, instance, now)).ToList())
        {
            next = WhatIf.Spread(next, leaving);
            next = next with { Instances = [.. next.Instances.Select(instance => instance == leaving ? leaving with { Load = PodLoad.None, AssignedRooms = 0, ReportsDrained = true } : instance)] };
        }

        return Seat(next);
    }

    private static bool HasMoved(FleetSpec spec, InstanceObservation instance, DateTimeOffset now) =>
        (spec.Drain.Mode is DrainMode.Migrate && now >= instance.DrainStartedAt + Move) || now >= instance.ReconnectAskedAt + Move;

    // What was promised to rooms that have a pod stays; those that wait take the emptiest pod that has place for them.
    private static FleetObservation Seat(FleetObservation world)
    {
        var waiting = new List<int>();
        var instances = world.Instances.ToList();
        foreach (var people in world.Demand.PendingRooms)
        {
            var more = new PodLoad(1, people, people, people, 0, 0, 0);
            var heir = instances.FindIndex(instance => instance is { ReadySince: not null, IsDraining: false } && ((instance.Load ?? PodLoad.None) + more).Highest(world.Spec.Capacity) <= 1);
            if (heir < 0)
            {
                waiting.Add(people);
                continue;
            }

            instances[heir] = instances[heir] with { Load = (instances[heir].Load ?? PodLoad.None) + more, AssignedRooms = instances[heir].AssignedRooms + 1 };
        }

        return waiting.Count == world.Demand.PendingRooms.Count ? world : world with { Instances = instances, Demand = world.Demand with { PendingRooms = waiting } };
    }

    private static FleetObservation Apply(FleetObservation world, InstanceAction action, DateTimeOffset now)
    {
        FleetObservation Change(Func<InstanceObservation, InstanceObservation> change) =>
            world with { Instances = [.. world.Instances.Select(instance => instance.Name == action.Instance ? change(instance) : instance)] };

        switch (action.Kind)
        {
            case InstanceActionKind.Create:
                return world with
                {
                    Instances = [.. world.Instances, new InstanceObservation { Name = action.Instance, Revision = action.Revision ?? world.Spec.Revision, CreatedAt = now, Phase = PodPhase.Pending }],
                };
            case InstanceActionKind.Drain:
                return Change(instance => instance with { DrainStartedAt = now, DrainDeadline = action.Deadline, DrainCause = action.Cause });
            case InstanceActionKind.CallBack:
                return Change(instance => instance with { DrainStartedAt = null, DrainDeadline = null, DrainCause = DrainCause.None, ReconnectAskedAt = null });
            case InstanceActionKind.Reconnect:
                return Change(instance => instance with { ReconnectAskedAt = now });
            default:
                var gone = world.Instances.FirstOrDefault(instance => instance.Name == action.Instance);
                var rest = world with { Instances = [.. world.Instances.Where(instance => instance != gone)] };
                return gone is null ? rest : WhatIf.Spread(rest, gone);
        }
    }
}
