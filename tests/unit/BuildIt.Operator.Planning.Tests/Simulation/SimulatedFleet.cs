using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Planning.Scaling;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>A fleet in virtual time: it carries out what the planners decide, and the rest happens to it.</summary>
internal sealed class SimulatedFleet(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<SimulatedPod> _pods = [];
    private readonly List<SimulatedRoom> _rooms = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly TimeSpan _delay = TimeSpan.FromSeconds(seed % 4);
    private int _nextRoom;
    private RoomDemand _demand = RoomDemand.None;

    public FleetSpec Spec { get; set; } = Scenario.Spec(new Random(seed));

    public DateTimeOffset Now { get; private set; } = Given.Now;

    public DateTimeOffset? RegistryUpSince { get; set; } = Given.Now - TimeSpan.FromHours(1);

    public ScalingMemory? Memory { get; set; }

    public IReadOnlyList<SimulatedPod> Pods => _pods;

    public IReadOnlyList<SimulatedRoom> Rooms => _rooms;

    public Random Random => _random;

    public int Participants(SimulatedPod pod) => _rooms.Where(room => room.Instance == pod.Name).Sum(room => room.Participants(Now));

    public int Assigned(SimulatedPod pod) => _rooms.Count(room => room.Instance == pod.Name);

    /// <summary>One second passes.</summary>
    public void Pass()
    {
        Now += TimeSpan.FromSeconds(1);
        _rooms.RemoveAll(room => room.EndsAt <= Now);
        foreach (var pod in _pods)
        {
            pod.Probe(Now);
            pod.Beat(Now, Load(pod), _delay, RegistryUpSince is not null);
        }
    }

    public void AddRoom(int size, TimeSpan life) =>
        _rooms.Add(new SimulatedRoom { Id = $"room-{_nextRoom++}", Size = size, EndsAt = Now + life });

    public FleetObservation Observe() => new()
    {
        Spec = Spec,
        Instances = [.. _pods.Select(pod => pod.Observe(Now, Assigned(pod)))],
        UsedNames = _names,
        RegistryReachableSince = RegistryUpSince,
        Demand = _demand,
        Memory = Memory,
        NameSeed = (ulong)_random.NextInt64(),
    };

    /// <summary>Carries out the first <paramref name="count"/> actions.</summary>
    public void Apply(FleetDecision decision, int count = int.MaxValue)
    {
        foreach (var action in decision.Actions.Take(count))
        {
            Apply(action);
        }
    }

    /// <summary>Places, moves, fails over and forgets rooms, as the room reconciler does.</summary>
    public void TendRooms(FleetDecision decision)
    {
        var verdicts = decision.Verdicts.ToDictionary(verdict => verdict.Instance, verdict => verdict.Liveness, StringComparer.Ordinal);
        var held = decision.Status.Conditions.Any(condition => condition is { Reason: "FleetSilent", Status: true });
        var ledger = Ledger(verdicts);
        var pending = new List<int>();
        foreach (var room in _rooms)
        {
            var owner = _pods.Find(pod => pod.Name == room.Instance);
            var next = RoomPlanner.Plan(
                new RoomObservation
                {
                    Room = room.Id,
                    CreatedAt = Given.Now,
                    Instance = room.Instance,
                    Phase = room.Instance is null ? RoomPhase.Pending : RoomPhase.Ready,
                    OwnerLiveness = owner is null ? null : verdicts.GetValueOrDefault(owner.Name, Liveness.Starting),
                    OwnerMigrates = owner is { DrainStartedAt: not null } && (Spec.Drain.Mode is DrainMode.Migrate || owner.ReconnectAskedAt is not null),
                    OwnerHeld = held,
                },
                Now);
            if (next.Step is RoomStep.Keep)
            {
                continue;
            }

            var placement = RoomPlacer.Place(ledger, new RoomRequest
            {
                Room = room.Id,
                Generation = room.Generation,
                ExpectedParticipants = room.Size,
                Avoid = room.Instance is null ? [] : [room.Instance],
            }, Now);
            if (placement.IsPlaced)
            {
                Assert.True(placement.Generation == room.Generation + 1, $"seed {seed}: a placement must raise the generation");
                var target = _pods.Single(pod => pod.Name == placement.Instance);
                Assert.True(target.DrainStartedAt is null, $"seed {seed}: {target.Name} got a room while draining");
                (room.Instance, room.Generation, room.PlacedAt) = (placement.Instance, placement.Generation, Now);
            }
            else
            {
                pending.Add(room.Size);
                if (next.Step is RoomStep.FailOver)
                {
                    room.Instance = null;
                }
            }
        }

        _demand = new RoomDemand
        {
            PendingRooms = pending,
            ReservedRooms = ledger.HeldFor(Spec.Name).Rooms,
            ReservedParticipants = ledger.HeldFor(Spec.Name).Participants,
        };
    }

    private RoomLedger Ledger(Dictionary<string, Liveness> verdicts)
    {
        var pods = _pods.ConvertAll(pod => new PodState
        {
            Cluster = Spec.Name,
            Region = "r",
            Instance = pod.Name,
            IsCurrent = pod.Revision == Spec.Revision,
            Capacity = Spec.Capacity,
            Load = pod.LastSeen?.Load ?? PodLoad.None,
            Target = Spec.Scaling.TargetUtilization,
            Availability = pod.DrainStartedAt is not null || pod.Cordoned
                ? PodAvailability.Draining
                : verdicts.GetValueOrDefault(pod.Name, Liveness.Starting) switch
                {
                    Liveness.Alive => PodAvailability.Ready,
                    Liveness.Starting => PodAvailability.Starting,
                    Liveness.Dead => PodAvailability.Dead,
                    _ => PodAvailability.Suspect,
                },
        });
        var seen = _pods.ToDictionary(pod => pod.Name, pod => pod.LastSeen?.At, StringComparer.Ordinal);
        var placed = _rooms.Where(room => room.Instance is not null).ToList();
        var ledger = new RoomLedger(
            pods, [.. placed.Select(room => new PlacedRoom { Room = room.Id, Instance = room.Instance!, PlacedAt = room.PlacedAt, Expected = room.Size })], Now);
        foreach (var room in placed)
        {
            if (seen.GetValueOrDefault(room.Instance!) is { } at && at > room.PlacedAt)
            {
                ledger.Report(room.Instance!, room.Id, at - room.PlacedAt >= TimeSpan.FromSeconds(2) ? room.Size : 0, Now);
            }
        }

        return ledger;
    }

    private PodLoad Load(SimulatedPod pod)
    {
        var participants = Participants(pod);
        return new PodLoad(Assigned(pod), participants, participants, participants, 0, 0, 0);
    }

    private void Apply(InstanceAction action)
    {
        var pod = _pods.Find(candidate => candidate.Name == action.Instance);
        switch (action.Kind)
        {
            case InstanceActionKind.Create:
                Assert.True(_names.Add(action.Instance), $"seed {seed}: the name {action.Instance} was used before");
                _pods.Add(new SimulatedPod
                {
                    Name = action.Instance,
                    Revision = action.Revision!,
                    CreatedAt = Now,
                    ReadyAt = Now + TimeSpan.FromSeconds(_random.Next(2, 10)),
                });
                break;
            case InstanceActionKind.Drain:
                pod!.DrainStartedAt = Now;
                pod.DrainDeadline = action.Deadline;
                pod.DrainCause = action.Cause;
                break;
            case InstanceActionKind.CallBack:
                pod!.DrainStartedAt = null;
                pod.DrainDeadline = null;
                pod.DrainCause = DrainCause.None;
                break;
            case InstanceActionKind.Reconnect:
                pod!.ReconnectAskedAt = Now;
                break;
            case InstanceActionKind.Delete:
                _pods.Remove(pod!);
                break;
            default:
                throw new InvalidOperationException($"unknown action {action.Kind}");
        }
    }
}
