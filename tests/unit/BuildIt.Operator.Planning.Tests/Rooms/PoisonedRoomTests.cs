using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;

namespace BuildIt.Operator.Planning.Tests.Rooms;

/// <summary>One room kills whatever pod has it, among others that do nobody any harm. With the real planners, in virtual time.</summary>
public sealed class PoisonedRoomTests
{
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(3, 9)]
    [InlineData(3, 12)]
    [InlineData(5, 20)]
    [InlineData(10, 12)]
    public void It_is_found_among_many_and_put_into_quarantine_and_the_fleet_lives_on(int pods, int rooms)
    {
        for (var poisoned = 0; poisoned < rooms; poisoned++)
        {
            var fleet = new PoisonedFleet(pods, rooms, poisoned, TimeSpan.FromSeconds(12));
            fleet.Run(TimeSpan.FromMinutes(20));
            Assert.True(fleet.Rooms[poisoned].Phase is RoomPhase.Quarantined, $"room {poisoned} goes on: {fleet.Deaths} deaths");
            Assert.True(fleet.Deaths == RestartIntensity.Limit, $"room {poisoned}: {fleet.Deaths} deaths");
            var innocent = fleet.Rooms.Where((room, i) => i != poisoned && room.Phase is RoomPhase.Quarantined).Count();
            Assert.True(innocent <= 1, $"room {poisoned}: {innocent} others are in quarantine with it");
        }
    }

    /// <summary>Where there is never more than one pod to go to, nothing tells them apart: those that were always with it rest too.</summary>
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(3, 9)]
    public void Pods_that_die_faster_than_they_start_die_no_oftener(int pods, int rooms)
    {
        for (var poisoned = 0; poisoned < rooms; poisoned++)
        {
            var fleet = new PoisonedFleet(pods, rooms, poisoned, TimeSpan.FromSeconds(6));
            fleet.Run(TimeSpan.FromMinutes(20));
            Assert.Equal(RoomPhase.Quarantined, fleet.Rooms[poisoned].Phase);
            Assert.Equal(RestartIntensity.Limit, fleet.Deaths);
        }
    }

    private sealed class PoisonedFleet
    {
        private readonly DateTimeOffset[] _upAt;
        private readonly int _poisoned;
        private readonly TimeSpan _fuse;
        private DateTimeOffset _now = Given.Now;
        private DateTimeOffset? _served;

        public PoisonedFleet(int pods, int rooms, int poisoned, TimeSpan fuse)
        {
            _upAt = [.. Enumerable.Repeat(Given.Now, pods)];
            _poisoned = poisoned;
            _fuse = fuse;
            Rooms = [.. Enumerable.Range(0, rooms).Select(i => new RoomObservation { Room = $"room-{i}", CreatedAt = Given.Now })];
        }

        public RoomObservation[] Rooms { get; }

        public int Deaths { get; private set; }

        public void Run(TimeSpan duration)
        {
            for (var end = _now + duration; _now < end; _now = _now.AddSeconds(1))
            {
                for (var i = 0; i < Rooms.Length; i++)
                {
                    Rooms[i] = Tend(Observe(Rooms[i]));
                }

                // Its client comes back as soon as it is served, and so does the end.
                var owner = Rooms[_poisoned].Instance;
                _served = owner is null || _upAt[Index(owner)] > _now ? null : _served ?? _now;
                if (_now - _served >= _fuse)
                {
                    Deaths++;
                    _upAt[Index(owner!)] = _now + Restart;
                    _served = null;
                }
            }
        }

        private RoomObservation Observe(RoomObservation room)
        {
            var isUp = room.Instance is { } owner && _upAt[Index(owner)] <= _now;
            return room with
            {
                OwnerLiveness = room.Instance is null ? null : isUp ? Liveness.Alive : Liveness.Restarting,
                Occupancy = isUp ? new RoomOccupancy(2, true, null) : null,
            };
        }

        private RoomObservation Tend(RoomObservation room)
        {
            var decision = RoomPlanner.Plan(room, _now);
            var losses = decision.IsLoss ? RestartIntensity.After(room, _now) : RestartIntensity.Counting(room, _now);
            switch (decision.Step)
            {
                case RoomStep.Quarantine:
                    return decision.IsLoss
                        ? room with { Phase = RoomPhase.Quarantined, Instance = null, Losses = losses, QuarantinedUntil = _now + RestartIntensity.Quarantine }
                        : room;
                case RoomStep.Place or RoomStep.Evade or RoomStep.FailOver:
                    var placement = RoomPlacer.Place(Ledger(), new RoomRequest
                    {
                        Room = room.Room,
                        Avoid = room.Instance is { } old ? [old] : [],
                        Losses = losses.Count,
                        ExpectedParticipants = 2,
                    }, _now);
                    return placement.IsPlaced
                        ? room with { Instance = placement.Instance, PlacedAt = _now, Phase = decision.Phase, Losses = losses }
                        : room with { Phase = decision.Phase, Losses = losses };
                default:
                    return room with { Phase = decision.Phase };
            }
        }

        private RoomLedger Ledger() => new(
            [
                .. _upAt.Select((at, i) => new PodState
                {
                    Cluster = "fleet",
                    Region = "region",
                    Instance = $"pod-{i}",
                    Availability = at <= _now ? PodAvailability.Ready : PodAvailability.Starting,
                    Capacity = PodCapacity.Default with { MaxRooms = 100, MaxPublishers = 1000, MaxSubscribers = 1000 },
                }),
            ],
            [
                .. Rooms.Where(room => room.Instance is not null).Select(room => new PlacedRoom
                {
                    Room = room.Room, Instance = room.Instance!, PlacedAt = room.PlacedAt ?? Given.Now, Expected = 2, Losses = room.Losses.Count,
                }),
            ],
            _now);

        private static int Index(string pod) => int.Parse(pod.AsSpan("pod-".Length), System.Globalization.CultureInfo.InvariantCulture);
    }
}
