using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests;

/// <summary>Observations for table tests, with everything well unless said otherwise.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public const string Revision = "new";

    public static FleetSpec Spec(int min = 1, int max = 10) => new() { Name = "east", Revision = Revision, Min = min, Max = max };

    public static InstanceObservation Pod(string name, int participants = 0, int rooms = 0, string revision = Revision) => new()
    {
        Name = name,
        Revision = revision,
        CreatedAt = Now - TimeSpan.FromHours(1),
        ReadySince = Now - TimeSpan.FromHours(1),
        LastHeartbeat = Now - TimeSpan.FromMilliseconds(500),
        Load = new PodLoad(rooms, participants, participants, participants, 0, 0, 0),
    };

    public static InstanceObservation Starting(string name) => new()
    {
        Name = name,
        Revision = Revision,
        CreatedAt = Now - TimeSpan.FromSeconds(5),
        Phase = PodPhase.Pending,
    };

    public static InstanceObservation Silent(this InstanceObservation pod) => pod with
    {
        LastHeartbeat = Now - TimeSpan.FromSeconds(6),
        ProbeFailingSince = Now - TimeSpan.FromSeconds(4),
        ProbeFailures = 3,
    };

    public static InstanceObservation Draining(
        this InstanceObservation pod, DrainCause cause = DrainCause.ScaleDown, int startedAgo = 60, int deadlineIn = 540) => pod with
        {
            DrainStartedAt = Now - TimeSpan.FromSeconds(startedAgo),
            DrainDeadline = Now + TimeSpan.FromSeconds(deadlineIn),
            DrainCause = cause,
        };

    public static FleetObservation Fleet(FleetSpec spec, params InstanceObservation[] pods) => new()
    {
        Spec = spec,
        Instances = pods,
        RegistryReachableSince = Now - TimeSpan.FromHours(1),
        NameSeed = 1,
    };

    /// <summary>A memory in which so many pods were decided long ago, and nothing else was wanted since.</summary>
    public static ScalingMemory Memory(int desired) => new() { Desired = desired };
}
