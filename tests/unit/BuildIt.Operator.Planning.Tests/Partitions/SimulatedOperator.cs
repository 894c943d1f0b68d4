using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>
/// The operator with its real planners. What it has written to the Kubernetes API survives it; what it has heard does not.
/// </summary>
internal sealed class SimulatedOperator(SimulatedRegistry registry, SimulatedRegion region, Random random)
{
    private static readonly TimeSpan ReadPeriod = TimeSpan.FromSeconds(1);

    private readonly Dictionary<RoomId, RoomRoute> _objects = [];
    private Memory _memory = new();
    private DateTimeOffset _nextRead;

    public bool SeesRegistry { get; set; } = true;

    public DateTimeOffset? DownUntil { get; private set; }

    public int Failovers { get; private set; }

    private bool Reads => SeesRegistry && registry.Up;

    /// <summary>The process ends; the next one knows what the objects say, and nothing else.</summary>
    public void Restart(DateTimeOffset until)
    {
        _memory = new Memory();
        DownUntil = until;
    }

    public void Step(DateTimeOffset now)
    {
        if (DownUntil > now)
        {
            return;
        }

        DownUntil = null;
        if (_nextRead <= now)
        {
            _nextRead = now + ReadPeriod;
            Read(now);
        }

        foreach (var node in region.Nodes)
        {
            Probe(node, now);
        }

        if (!_memory.Asked)
        {
            return;
        }

        var observed = Observe(now);
        var decision = FleetPlanner.Plan(observed, now);
        _memory.Scaling = decision.Memory;
        TendRooms(observed, decision, now);
        foreach (var action in decision.Actions)
        {
            if (action.Kind is InstanceActionKind.Create)
            {
                region.Create(action.Instance);
            }
            else if (action.Kind is InstanceActionKind.Delete)
            {
                region.Delete(action.Instance);
            }
        }
    }

    private void Read(DateTimeOffset now)
    {
        _memory.Asked = true;
        if (!Reads)
        {
            _memory.ReachableSince = null;
            return;
        }

        if (registry.Epoch is null)
        {
            foreach (var route in _objects.Values)
            {
                registry.Write(route);
            }

            registry.Epoch = now.UtcTicks;
        }

        if (_memory.ReachableSince is null || (_memory.Epoch is { } known && known != registry.Epoch))
        {
            _memory.ReachableSince = now;
        }

        _memory.Epoch = registry.Epoch;
        foreach (var (node, sequence) in registry.Heartbeats(now))
        {
            if (!_memory.Heard.TryGetValue(node, out var last) || last.Sequence < sequence)
            {
                _memory.Heard[node] = (sequence, now);
            }
        }
    }

    // As NodeProber does: every 2 s, after a failure every second; who does not answer costs a second of waiting.
    private void Probe(SimulatedNode node, DateTimeOffset now)
    {
        var probe = _memory.Probes.GetValueOrDefault(node.Name) ?? (_memory.Probes[node.Name] = new Probing());
        if (probe.TimesOutAt is { } end)
        {
            if (end <= now)
            {
                probe.TimesOutAt = null;
                probe.Fail(now);
            }
        }
        else if (probe.DueAt <= now)
        {
            if (node.Probe())
            {
                probe.Succeed(now);
            }
            else if (node.DiedAt is not null && node.SeenByOperator)
            {
                probe.Fail(now);
            }
            else
            {
                probe.TimesOutAt = now.AddSeconds(1);
            }
        }
    }

    private FleetObservation Observe(DateTimeOffset now) => new()
    {
        Spec = new FleetSpec { Name = "sim", Revision = Given.Revision, Min = SimulatedRegion.Size, Max = SimulatedRegion.Size },
        Instances = [.. region.Pods.Select(pod =>
        {
            var probe = _memory.Probes.GetValueOrDefault(pod.Node.Name);
            return new InstanceObservation
            {
                Name = pod.Node.Name,
                Revision = Given.Revision,
                CreatedAt = pod.CreatedAt,
                Phase = pod.Deleted ? PodPhase.Terminating : pod.SaidToHaveFailed(now) ? PodPhase.Failed : PodPhase.Running,
                ReadySince = pod.SaidToBeReady(now) ? pod.CreatedAt : null,
                LastHeartbeat = _memory.Heard.TryGetValue(pod.Node.Name, out var heard) ? heard.At : null,
                ProbeFailures = probe?.Failures ?? 0,
                ProbeFailingSince = probe?.FailingSince,
            };
        })],
        UsedNames = region.Names,
        RegistryReachableSince = _memory.ReachableSince,
        Memory = _memory.Scaling,
        NameSeed = (ulong)random.NextInt64(),
    };

    private void TendRooms(FleetObservation observed, FleetDecision decision, DateTimeOffset now)
    {
        var verdicts = decision.Verdicts.ToDictionary(verdict => verdict.Instance, verdict => verdict.Liveness, StringComparer.Ordinal);
        var held = decision.Status.Conditions.Any(condition => condition is { Reason: "FleetSilent", Status: true });
        var ledger = new RoomLedger(
            [.. observed.Instances.Select(pod => new PodState { Cluster = "sim", Region = "sim", Instance = pod.Name, Availability = AvailabilityOf(verdicts[pod.Name]) })], [], now);
        foreach (var room in region.Rooms)
        {
            var route = _objects.GetValueOrDefault(room);
            var step = RoomPlanner.Plan(
                new RoomObservation
                {
                    Room = room.Value,
                    CreatedAt = Given.Now,
                    Phase = route is null ? RoomPhase.Pending : RoomPhase.Ready,
                    Instance = route?.Node.Value,
                    OwnerLiveness = route is not null && verdicts.TryGetValue(route.Node.Value, out var liveness) ? liveness : null,
                    OwnerHeld = held,
                },
                now).Step;
            if (step is RoomStep.Place or RoomStep.FailOver)
            {
                Place(room, route, ledger, now);
            }

            Publish(room);
        }
    }

    private void Place(RoomId room, RoomRoute? last, RoomLedger ledger, DateTimeOffset now)
    {
        var placement = RoomPlacer.Place(
            ledger, new RoomRequest { Room = room.Value, Generation = last?.Generation ?? 0, ExpectedParticipants = 2, Avoid = last is null ? [] : [last.Node.Value] }, now);
        if (!placement.IsPlaced)
        {
            return;
        }

        Failovers += last is null ? 0 : 1;
        _objects[room] = new RoomRoute { Room = room, Node = new NodeId(placement.Instance!), Generation = placement.Generation, Endpoint = placement.Instance! };
        _memory.Unpublished[room] = last?.Node.Value;
    }

    // As RoutePublisher does: the registry first, and nobody is told of a placement that it does not have.
    private void Publish(RoomId room)
    {
        if (!_objects.TryGetValue(room, out var route) || (!_memory.Unpublished.TryGetValue(room, out var previous) && _memory.Published.Contains(room)) || !Reads || !registry.Write(route))
        {
            return;
        }

        _memory.Unpublished.Remove(room);
        _memory.Published.Add(room);
        foreach (var node in region.Nodes)
        {
            if (node.Name == route.Node.Value || node.Name == previous)
            {
                node.Tell(route);
            }

            // An announcement may be lost; then the next sweep of the owner finds the route.
            if (random.Next(5) > 0)
            {
                node.Hear(room);
            }
        }
    }

    private static PodAvailability AvailabilityOf(Liveness liveness) => liveness switch
    {
        Liveness.Alive => PodAvailability.Ready,
        Liveness.Suspect => PodAvailability.Suspect,
        Liveness.Dead => PodAvailability.Dead,
        Liveness.Leaving => PodAvailability.Draining,
        _ => PodAvailability.Starting,
    };

    /// <summary>What a process has heard and remembers.</summary>
    private sealed class Memory
    {
        public bool Asked { get; set; }

        public DateTimeOffset? ReachableSince { get; set; }

        public long? Epoch { get; set; }

        public Dictionary<string, (long Sequence, DateTimeOffset At)> Heard { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, Probing> Probes { get; } = new(StringComparer.Ordinal);

        public ScalingMemory? Scaling { get; set; }

        /// <summary>Placements that the registry does not have yet, with the pod that had the room before.</summary>
        public Dictionary<RoomId, string?> Unpublished { get; } = [];

        public HashSet<RoomId> Published { get; } = [];
    }

    /// <summary>Probes of one pod.</summary>
    private sealed class Probing
    {
        public DateTimeOffset DueAt { get; private set; }

        public DateTimeOffset? TimesOutAt { get; set; }

        public int Failures { get; private set; }

        public DateTimeOffset? FailingSince { get; private set; }

        public void Succeed(DateTimeOffset now)
        {
            Failures = 0;
            FailingSince = null;
            DueAt = now.AddSeconds(2);
        }

        public void Fail(DateTimeOffset now)
        {
            Failures++;
            FailingSince ??= now;
            DueAt = now.AddSeconds(1);
        }
    }
}
