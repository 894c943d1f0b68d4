using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Links;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Bench.Size;

/// <summary>
/// Fleets of the largest size with all their rooms, and what the rounds of these fleets let the rooms know. Everything that
/// listens to the rounds listens as in the operator.
/// </summary>
internal sealed class SizeWorld
{
    private const int Fleets = 10;
    private const int PodsOfFleet = 1_000;
    private const int RoomsOfPod = 10;

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FleetDirectory _directory = new();
    private readonly RoomLedgers _ledgers;
    private readonly Asked _asked = new();
    private readonly FleetView[] _views = new FleetView[Fleets];
    private int _beat;

    public SizeWorld()
    {
        var clock = new Clock();
        _ledgers = new RoomLedgers(_directory, new Rooms(), new FleetSignal(), clock);
        var waker = new RoomWaker(_ledgers, new RoomTopologies(_ledgers, new LinkBook(), clock), new RoomFences(), null!, _asked);
        _directory.Changed += waker.Hear;
        for (var fleet = 0; fleet < Fleets; fleet++)
        {
            _views[fleet] = View(fleet, [.. Enumerable.Range(0, PodsOfFleet).Select(pod => Report(fleet, pod, 5))]);
        }

        Round(_views);
    }

    /// <summary>Every pod has a new heartbeat; in one of its rooms somebody came or went.</summary>
    public FleetView[] AllReport()
    {
        _beat++;
        for (var fleet = 0; fleet < Fleets; fleet++)
        {
            _views[fleet] = View(fleet, [.. Enumerable.Range(0, PodsOfFleet).Select(pod => Report(fleet, pod, 5 + (_beat % 2)))]);
        }

        return [.. _views];
    }

    /// <summary>One pod has a new heartbeat.</summary>
    public FleetView[] OneReports()
    {
        _beat++;
        var instances = _views[3].Instances.ToArray();
        instances[700] = Report(3, 700, 5 + (_beat % 2));
        return [_views[3] = View(3, instances)];
    }

    /// <summary>Every fleet is planned again, and no pod has said anything since.</summary>
    public FleetView[] NothingNew() => [.. _views.Select((view, fleet) => _views[fleet] = view with { })];

    /// <summary>A round of each of these fleets, one after the other: it asks what the rooms mean for it, and makes known what it saw.</summary>
    public void Round(IReadOnlyList<FleetView> views)
    {
        foreach (var view in views)
        {
            _ledgers.DemandOf(view.Key);
            _directory.Put(view);
        }
    }

    private static FleetView View(int fleet, FleetInstance[] instances) => new(
        new ObjectKey("ns", Name(fleet)), Cluster(fleet), new FleetSpec { Name = Name(fleet), Revision = "new", Max = 2 * PodsOfFleet }, instances, Held: false);

    private static FleetInstance Report(int fleet, int pod, int participants)
    {
        var reports = new RoomReport[RoomsOfPod];
        for (var room = 0; room < RoomsOfPod; room++)
        {
            reports[room] = new RoomReport
            {
                Room = new RoomId(Room(fleet, pod, room)),
                Generation = 1,
                EverJoined = true,
                Participants = room == 0 ? participants : 5,
                Publishers = 5,
            };
        }

        return new FleetInstance(
            new InstanceObservation
            {
                Name = Pod(fleet, pod),
                Revision = "new",
                CreatedAt = Now.AddHours(-1),
                ReadySince = Now.AddHours(-1),
                LastHeartbeat = Now,
                Load = new PodLoad(RoomsOfPod, 45 + participants, 45, 45 + participants, 0, 0, 0.3),
            },
            Liveness.Alive, new NodeEndpoints { Signal = "http://10.0.0.1:7880", Control = "https://10.0.0.1:7883" }, reports, Now);
    }

    private static SfuCluster Cluster(int fleet) => new()
    {
        Metadata = new() { Name = Name(fleet), NamespaceProperty = "ns" },
        Spec = new SfuClusterSpec { Region = $"region-{fleet}" },
    };

    private static string Name(int fleet) => string.Create(CultureInfo.InvariantCulture, $"fleet-{fleet}");

    private static string Pod(int fleet, int pod) => string.Create(CultureInfo.InvariantCulture, $"fleet-{fleet}-{pod:0000}");

    private static string Room(int fleet, int pod, int room) => string.Create(CultureInfo.InvariantCulture, $"room-{fleet}-{pod:0000}-{room}");

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Asked : IReconcileTrigger<ConferenceRoom>
    {
        public void Enqueue(ObjectKey key, TimeSpan delay = default)
        {
            // What rooms then do is measured where they do it.
        }
    }

    /// <summary>Every pod has its rooms, for an hour.</summary>
    private sealed class Rooms : IObjectCache<ConferenceRoom>
    {
        public bool IsSynced => true;

        public ConferenceRoom? Find(ObjectKey key) => null;

        public IReadOnlyList<ConferenceRoom> FindBy(string index, string value) => [];

        public IReadOnlyList<ConferenceRoom> OwnedBy(string ownerUid) => [];

        public IReadOnlyList<ConferenceRoom> List(string? ns = null) =>
        [
            .. from fleet in Enumerable.Range(0, Fleets)
               from pod in Enumerable.Range(0, PodsOfFleet)
               from room in Enumerable.Range(0, RoomsOfPod)
               select new ConferenceRoom
               {
                   Metadata = new() { Name = Room(fleet, pod, room), NamespaceProperty = "ns" },
                   Status = new ConferenceRoomStatus
                   {
                       Phase = RoomPhase.Ready,
                       Generation = 1,
                       Assignments = [new RoomAssignment { Cluster = Name(fleet), Instance = Pod(fleet, pod), Region = $"region-{fleet}" }],
                   },
               },
        ];
    }
}
