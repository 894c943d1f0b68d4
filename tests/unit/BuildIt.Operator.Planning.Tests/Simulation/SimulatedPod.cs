using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>A pod as it truly is, whatever the planner gets to see of it.</summary>
internal sealed class SimulatedPod
{
    private readonly Queue<(DateTimeOffset At, PodLoad Load)> _heartbeats = new();

    public required string Name { get; init; }

    public required string Revision { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ReadyAt { get; init; }

    public DateTimeOffset? KilledAt { get; set; }

    public DateTimeOffset HeartbeatLostUntil { get; set; }

    public DateTimeOffset ProbeLostUntil { get; set; }

    public DateTimeOffset? ProbeFailingSince { get; set; }

    public int ProbeFailures { get; set; }

    public bool Cordoned { get; set; }

    public DateTimeOffset? DrainStartedAt { get; set; }

    public DateTimeOffset? DrainDeadline { get; set; }

    public DrainCause DrainCause { get; set; }

    public DateTimeOffset? ReconnectAskedAt { get; set; }

    public (DateTimeOffset At, PodLoad Load)? LastSeen { get; private set; }

    public bool IsAlive => KilledAt is null;

    public bool IsReady(DateTimeOffset now) => IsAlive && ReadyAt <= now;

    /// <summary>Writes a heartbeat, which the planner sees only <paramref name="delay"/> later.</summary>
    public void Beat(DateTimeOffset now, PodLoad load, TimeSpan delay, bool registryUp)
    {
        if (IsReady(now) && registryUp && HeartbeatLostUntil <= now)
        {
            _heartbeats.Enqueue((now, load));
        }

        while (_heartbeats.TryPeek(out var next) && next.At + delay <= now)
        {
            LastSeen = _heartbeats.Dequeue();
        }
    }

    public void Probe(DateTimeOffset now)
    {
        if (IsReady(now) && ProbeLostUntil <= now)
        {
            ProbeFailingSince = null;
            ProbeFailures = 0;
        }
        else if (ReadyAt <= now)
        {
            ProbeFailingSince ??= now;
            ProbeFailures++;
        }
    }

    public InstanceObservation Observe(DateTimeOffset now, int assignedRooms) => new()
    {
        Name = Name,
        Revision = Revision,
        CreatedAt = CreatedAt,
        Phase = ReadyAt <= now ? PodPhase.Running : PodPhase.Pending,
        ReadySince = IsReady(now) || (KilledAt is { } killed && ReadyAt <= now && now - killed < TimeSpan.FromSeconds(6)) ? ReadyAt : null,
        NodeCordoned = Cordoned,

        // What both witnesses may have to leave open, Kubernetes says in the end.
        NodeGone = now - KilledAt > TimeSpan.FromSeconds(25),
        LastHeartbeat = LastSeen?.At,
        Load = LastSeen?.Load,
        ProbeFailingSince = ProbeFailingSince,
        ProbeFailures = ProbeFailures,
        AssignedRooms = assignedRooms,
        DrainStartedAt = DrainStartedAt,
        DrainDeadline = DrainDeadline,
        DrainCause = DrainCause,
        ReconnectAskedAt = ReconnectAskedAt,
    };
}
