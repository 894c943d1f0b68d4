using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What the rounds of a fleet mean for the rooms, without a cluster.</summary>
public sealed class RoomLedgersTests
{
    private static readonly ObjectKey Fleet = new("ns", "fleet");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly FleetDirectory _directory = new();
    private readonly Cache _rooms = new();
    private readonly Asked _asked = new();
    private readonly RoomLedgers _ledgers;
    private readonly SfuCluster _cluster = new() { Metadata = new() { Name = "fleet", NamespaceProperty = "ns" }, Spec = new SfuClusterSpec { Region = "west" } };

    public RoomLedgersTests()
    {
        _ledgers = new RoomLedgers(_directory, _rooms, new FleetSignal(), _time);
        _directory.Changed += new RoomWaker(_ledgers, new RoomTopologies(_ledgers, new LinkBook(), _time), new RoomFences(), null!, _asked).Hear;
    }

    [Fact]
    public void A_round_that_saw_nothing_new_allocates_nothing_for_its_pods_and_asks_for_no_room()
    {
        FleetInstance[] pods = [.. Enumerable.Range(0, 1_000).Select(i => Pod($"pod-{i:0000}", 5, [Report($"room-{i}", 5)]))];
        foreach (var i in Enumerable.Range(0, 1_000))
        {
            _rooms.Add($"room-{i}", $"pod-{i:0000}");
        }

        Round(pods);
        Round(pods);
        _asked.Rooms.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Round(pods);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000);
        Assert.Empty(_asked.Rooms);
    }

    [Fact]
    public void What_one_pod_reports_asks_for_its_own_rooms_only()
    {
        _rooms.Add("a", "pod-1");
        _rooms.Add("b", "pod-1");
        _rooms.Add("c", "pod-2");
        Round(Pod("pod-1", 5, [Report("a", 2), Report("b", 3)]), Pod("pod-2", 1, [Report("c", 1)]));
        _asked.Rooms.Clear();

        Round(Pod("pod-1", 6, [Report("a", 2), Report("b", 4)]), Pod("pod-2", 1, [Report("c", 1)]));
        Assert.Equal(["b"], _asked.Rooms);

        // What somebody else says of a room is no news of it.
        _asked.Rooms.Clear();
        Round(Pod("pod-1", 6, [Report("a", 2), Report("b", 4)]), Pod("pod-2", 1, [Report("c", 1), Report("a", 9)]));
        Assert.Empty(_asked.Rooms);
    }

    [Fact]
    public void When_a_pod_dies_or_goes_all_its_rooms_are_asked_for()
    {
        _rooms.Add("a", "pod-1");
        _rooms.Add("b", "pod-1");
        _rooms.Add("c", "pod-2");
        var second = Pod("pod-2", 1, [Report("c", 1)]);
        Round(Pod("pod-1", 5, [Report("a", 2)]), second);
        _asked.Rooms.Clear();

        Round(Pod("pod-1", 5, [Report("a", 2)]) with { Liveness = Liveness.Dead }, second);
        Assert.Equal(["a", "b"], _asked.Rooms);

        _asked.Rooms.Clear();
        Round(second);
        Assert.Equal(["a", "b"], _asked.Rooms);

        // Until they have another pod, each round asks for them again.
        _asked.Rooms.Clear();
        Round(second);
        Assert.Equal(["a", "b"], _asked.Rooms);
    }

    [Fact]
    public void Places_are_held_until_the_pod_reports_who_came()
    {
        Round(Pod("pod-1", 0, []));
        Assert.True(Place("a").IsPlaced);
        Assert.Equal((1, 10), Held());

        Round(Pod("pod-1", 4, [Report("a", 4)]));
        Assert.Equal((0, 6), Held());

        Round(Pod("pod-1", 0, []));
        Assert.Equal((1, 10), Held());

        _time.Advance(RoomLedger.Hold);
        Assert.Equal((1, 0), Held());
        Assert.Equal(1, _ledgers.AssignedTo("ns", "pod-1"));
    }

    [Fact]
    public void A_room_that_finds_no_other_pod_keeps_its_places_where_it_is()
    {
        Round(Pod("pod-1", 0, []));
        Place("a");

        Assert.False(Place("a", avoid: "pod-1").IsPlaced);

        Assert.Equal((1, 10), Held());
        Assert.Equal(1, _ledgers.AssignedTo("ns", "pod-1"));
    }

    [Fact]
    public void A_fleet_that_is_gone_takes_no_rooms()
    {
        _rooms.Add("a", "pod-1");
        Round(Pod("pod-1", 0, [Report("a", 0)]));
        Assert.True(Place("b").IsPlaced);
        _asked.Rooms.Clear();

        _directory.Forget(Fleet);

        Assert.False(Place("c").IsPlaced);
        Assert.Equal(["a", "b"], _asked.Rooms);
    }

    private void Round(params FleetInstance[] pods)
    {
        _ledgers.DemandOf(Fleet);
        _directory.Put(new FleetView(Fleet, _cluster, new FleetSpec { Name = "fleet", Revision = "r" }, pods, Held: false));
    }

    private (int Rooms, int Participants) Held() => _ledgers.DemandOf(Fleet) is var demand ? (demand.ReservedRooms, demand.ReservedParticipants) : default;

    private RoomPlacement Place(string room, string? avoid = null) =>
        _ledgers.Place("ns", new RoomRequest { Room = room, ExpectedParticipants = 10, Avoid = avoid is null ? [] : [avoid] });

    private FleetInstance Pod(string name, int participants, RoomReport[] rooms) => new(
        new InstanceObservation
        {
            Name = name,
            Revision = "r",
            CreatedAt = _time.GetUtcNow(),
            Load = new PodLoad(rooms.Length, participants, participants, participants, 0, 0, 0),
        },
        Liveness.Alive, null, rooms, _time.GetUtcNow());

    private static RoomReport Report(string room, int participants) => new() { Room = new RoomId(room), Generation = 1, Participants = participants, EverJoined = true };

    private sealed class Asked : IReconcileTrigger<ConferenceRoom>
    {
        public SortedSet<string> Rooms { get; } = new(StringComparer.Ordinal);

        public void Enqueue(ObjectKey key, TimeSpan delay = default) => Rooms.Add(key.Name);
    }

    private sealed class Cache : IObjectCache<ConferenceRoom>
    {
        private readonly List<ConferenceRoom> _rooms = [];

        public bool IsSynced => true;

        public void Add(string room, string instance) => _rooms.Add(new ConferenceRoom
        {
            Metadata = new() { Name = room, NamespaceProperty = "ns" },
            Status = new ConferenceRoomStatus { Phase = Api.RoomPhase.Ready, Generation = 1, Assignments = [new RoomAssignment { Cluster = "fleet", Instance = instance, Region = "west" }] },
        });

        public ConferenceRoom? Find(ObjectKey key) => null;

        public IReadOnlyList<ConferenceRoom> List(string? ns = null) => _rooms;

        public IReadOnlyList<ConferenceRoom> FindBy(string index, string value) => [];

        public IReadOnlyList<ConferenceRoom> OwnedBy(string ownerUid) => [];
    }
}
