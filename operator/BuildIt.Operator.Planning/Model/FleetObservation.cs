namespace BuildIt.Operator.Planning.Model;

/// <summary>Everything one plan of a fleet is made from.</summary>
public sealed record FleetObservation
{
    public required FleetSpec Spec { get; init; }

    public required IReadOnlyList<InstanceObservation> Instances { get; init; }

    /// <summary>
    /// Names of pods whose creation was asked for and which the cache does not show yet. They count as starting, so that a
    /// slow watch never makes the fleet grow twice.
    /// </summary>
    public IReadOnlyCollection<string> CreatesInFlight { get; init; } = [];

    /// <summary>Names used before. They are never used again, because a name fences.</summary>
    public IReadOnlyCollection<string> UsedNames { get; init; } = [];

    /// <summary>Since when the registry has answered without a break; null while it does not, and then silence proves nothing.</summary>
    public DateTimeOffset? RegistryReachableSince { get; init; }

    /// <summary>Minimums by schedule, already worked out by the caller from cron lines and time zones.</summary>
    public IReadOnlyList<ScheduleWindow> Schedules { get; init; } = [];

    /// <summary>Rooms that wait for a pod, and places held for rooms that have one but are not filled yet.</summary>
    public RoomDemand Demand { get; init; } = RoomDemand.None;

    /// <summary>What the last plan decided to remember; null after a restart.</summary>
    public ScalingMemory? Memory { get; init; }

    /// <summary>Any number, drawn anew by the caller for each plan: the only source of new names.</summary>
    public ulong NameSeed { get; init; }
}
