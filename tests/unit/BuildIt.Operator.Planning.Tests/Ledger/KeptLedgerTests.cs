using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using Xunit.Abstractions;

namespace BuildIt.Operator.Planning.Tests.Ledger;

/// <summary>A ledger that is kept says what one that is drawn anew would.</summary>
public sealed class KeptLedgerTests(ITestOutputHelper output)
{
    [Fact]
    public void Whatever_happens_in_whatever_order_it_is_as_if_drawn_anew()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var world = new World(random);
        for (var step = 0; step < 5_000; step++)
        {
            world.Step();
            if (step % 10 == 0)
            {
                world.Compare();
            }
        }
    }

    private static PodState Pod(string name, int participants, string cluster) => new()
    {
        Cluster = cluster,
        Region = $"region of {cluster}",
        Instance = name,
        Load = new PodLoad(participants > 0 ? 1 : 0, participants, participants, participants, 0, 0, 0),
    };

    /// <summary>What there is, beside the ledger that was told of each change.</summary>
    private sealed class World(Random random)
    {
        private static readonly string[] Clusters = ["one", "two"];

        private readonly RoomLedger _ledger = new();
        private readonly SortedDictionary<string, PodState> _pods = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, PlacedRoom> _rooms = new(StringComparer.Ordinal);
        private readonly Dictionary<string, Dictionary<string, PlacedEdge>> _edges = new(StringComparer.Ordinal);
        private readonly Dictionary<(string Pod, string Room), int> _reports = [];
        private DateTimeOffset _now = Given.Now;

        public void Step()
        {
            var pod = $"p{random.Next(8)}";
            var room = $"r{random.Next(30)}";
            var since = _now.AddSeconds(-random.Next(150));
            switch (random.Next(8))
            {
                case 0:
                    _pods[pod] = Pod(pod, random.Next(40), Clusters[random.Next(2)]);
                    _ledger.Set(_pods[pod]);
                    break;
                case 1 when _pods.TryGetValue(pod, out var gone):
                    foreach (var (_, name) in _reports.Keys.Where(report => report.Pod == pod).ToList())
                    {
                        Report(pod, name, null);
                    }

                    _pods.Remove(pod);
                    _ledger.Remove(gone.Cluster, pod);
                    break;
                case 2:
                    _rooms[room] = new PlacedRoom { Room = room, Instance = pod, PlacedAt = since, Expected = 10, Losses = random.Next(3) };
                    _ledger.Enter(_rooms[room], _now);
                    break;
                case 3:
                    _rooms.Remove(room);
                    _edges.Remove(room);
                    _ledger.Leave(room);
                    break;
                case 4 when _pods.ContainsKey(pod):
                    Report(pod, room, random.Next(3) == 0 ? null : random.Next(15));
                    _ledger.Report("elsewhere", room, 99, _now);
                    break;
                case 5:
                    _now += TimeSpan.FromSeconds(random.Next(10));
                    _ledger.Advance(_now);
                    break;
                case 6:
                    var edges = EdgesOf(room);
                    if (random.Next(3) == 0 && edges.Keys.FirstOrDefault(other => other != pod) is { } left)
                    {
                        edges.Remove(left);
                    }

                    // One that is there already stays as it is.
                    edges.TryAdd(pod, new PlacedEdge { Instance = pod, Since = since, Expected = 5, Relay = 1_000_000 });
                    _ledger.SetEdges(room, [.. edges.Values], _now);
                    break;
                case 7:
                    EdgesOf(room).Remove(pod);
                    _ledger.RemoveEdge(room, pod);
                    break;
            }
        }

        public void Compare()
        {
            var drawn = Drawn();
            var seats = _rooms.Values.Select(room => (room.Instance, room.Room))
                .Concat(_edges.SelectMany(pair => pair.Value.Keys.Select(pod => (Instance: pod, Room: pair.Key)))).Order().ToList();
            foreach (var name in Enumerable.Range(0, 8).Select(i => $"p{i}"))
            {
                Assert.Equal(drawn.LoadOf(name), _ledger.LoadOf(name));
                Assert.Equal(drawn.PeopleLoadOf(name, "r1"), _ledger.PeopleLoadOf(name, "r1"));
                var rooms = new List<string>();
                _ledger.RoomsOn(name, rooms);
                Assert.Equal(seats.Where(seat => seat.Instance == name).Select(seat => seat.Room), rooms.Order(StringComparer.Ordinal));
                Assert.Equal(rooms.Count, _ledger.CountOn(name));
            }

            Assert.All(Clusters, cluster => Assert.Equal(drawn.HeldFor(cluster), _ledger.HeldFor(cluster)));
            Assert.Equal(
                seats.Where(seat => !_pods.ContainsKey(seat.Instance)).Select(seat => seat.Room).Order(StringComparer.Ordinal),
                _ledger.Stranded().Order(StringComparer.Ordinal));
            foreach (var losses in (ReadOnlySpan<int>)[0, 1, 2])
            {
                var request = new RoomRequest { Room = "new", ExpectedParticipants = 10, Losses = losses };
                Assert.Equal(RoomPlacer.Place(drawn, request, _now).Instance, RoomPlacer.Place(_ledger, request, _now).Instance);
                drawn.Forget("new");
                _ledger.Forget("new");
            }
        }

        private RoomLedger Drawn()
        {
            var drawn = new RoomLedger([.. _pods.Values], [.. _rooms.Values], _now);
            foreach (var (room, edges) in _edges)
            {
                drawn.SetEdges(room, [.. edges.Values], _now);
            }

            foreach (var ((pod, room), participants) in _reports)
            {
                drawn.Report(pod, room, participants, _now);
            }

            return drawn;
        }

        private void Report(string pod, string room, int? participants)
        {
            _ = participants is { } count ? _reports[(pod, room)] = count : _reports.Remove((pod, room)) ? 1 : 0;
            _ledger.Report(pod, room, participants, _now);
        }

        private Dictionary<string, PlacedEdge> EdgesOf(string room)
        {
            if (!_edges.TryGetValue(room, out var edges))
            {
                _edges.Add(room, edges = new(StringComparer.Ordinal));
            }

            return edges;
        }
    }
}
