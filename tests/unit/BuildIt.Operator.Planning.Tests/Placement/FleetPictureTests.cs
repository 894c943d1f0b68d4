using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using Xunit.Abstractions;

namespace BuildIt.Operator.Planning.Tests.Placement;

/// <summary>A picture that is kept shows what one that is drawn anew would.</summary>
public sealed class FleetPictureTests(ITestOutputHelper output)
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

    [Fact]
    public void What_is_held_for_people_who_do_not_come_ends_without_anything_new()
    {
        var picture = new FleetPicture([Pod("a", 0)], [Room("r", "a", Given.Now)], Given.Now);
        picture.Advance(Given.Now + PlacementPolicy.Hold - TimeSpan.FromTicks(1));
        Assert.Equal((1, 10), picture.HeldFor("fleet"));

        picture.Advance(Given.Now + PlacementPolicy.Hold);

        Assert.Equal((1, 0), picture.HeldFor("fleet"));
    }

    [Fact]
    public void A_room_whose_pod_is_in_no_fleet_is_held_again_when_the_pod_comes_back()
    {
        var picture = new FleetPicture([], [Room("r", "a", Given.Now)], Given.Now);
        Assert.Equal(["r"], picture.Stranded());
        Assert.Equal((0, 0), picture.HeldFor("fleet"));

        picture.Set(Pod("a", 0));

        Assert.Empty(picture.Stranded());
        Assert.Equal((1, 10), picture.HeldFor("fleet"));
        picture.Remove("fleet", "a");
        Assert.Equal(["r"], picture.Stranded());
        picture.Release("r");
        Assert.Empty(picture.Stranded());
    }

    [Fact]
    public void What_did_not_change_allocates_nothing()
    {
        var pods = Enumerable.Range(0, 1_000).Select(i => Pod($"pod-{i:000}", i % 40)).ToArray();
        var picture = new FleetPicture(pods, [.. pods.Select(pod => Room($"room-{pod.Instance}", pod.Instance, Given.Now.AddHours(-1)))], Given.Now);
        Again();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Again();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Again()
        {
            foreach (var pod in pods)
            {
                picture.Set(pod);
                picture.Report(pod.Instance, "elsewhere", 3, Given.Now);
            }

            picture.Advance(Given.Now);
            picture.HeldFor("fleet");
        }
    }

    private static PodState Pod(string name, int participants, string cluster = "fleet") => new()
    {
        Cluster = cluster,
        Region = $"region of {cluster}",
        Instance = name,
        Load = new PodLoad(participants > 0 ? 1 : 0, participants, participants, participants, 0, 0, 0),
    };

    private static PlacedRoom Room(string name, string instance, DateTimeOffset placedAt) => new() { Room = name, Instance = instance, PlacedAt = placedAt, Expected = 10 };

    /// <summary>What there is, beside the picture that was told of each change.</summary>
    private sealed class World(Random random)
    {
        private static readonly string[] Clusters = ["one", "two"];

        private readonly FleetPicture _picture = new();
        private readonly SortedDictionary<string, PodState> _pods = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, PlacedRoom> _rooms = new(StringComparer.Ordinal);
        private DateTimeOffset _now = Given.Now;

        public void Step()
        {
            var pod = $"p{random.Next(8)}";
            var room = $"r{random.Next(30)}";
            switch (random.Next(6))
            {
                case 0:
                    _pods[pod] = Pod(pod, random.Next(40), Clusters[random.Next(2)]);
                    _picture.Set(_pods[pod]);
                    break;
                case 1 when _pods.Remove(pod, out var gone):
                    _picture.Remove(gone.Cluster, pod);
                    break;
                case 2:
                    _rooms[room] = Room(room, pod, _now.AddSeconds(-random.Next(150))) with { Losses = random.Next(3) };
                    _picture.Set(_rooms[room], _now);
                    break;
                case 3:
                    _rooms.Remove(room);
                    _picture.Release(room);
                    break;
                case 4 when _rooms.TryGetValue(room, out var placed):
                    int? reported = random.Next(3) == 0 ? null : random.Next(15);
                    _rooms[room] = placed with { Reported = reported };
                    _picture.Report(placed.Instance, room, reported, _now);
                    _picture.Report("elsewhere", room, 99, _now);
                    break;
                case 5:
                    _now += TimeSpan.FromSeconds(random.Next(10));
                    _picture.Advance(_now);
                    break;
            }
        }

        public void Compare()
        {
            var drawn = new FleetPicture([.. _pods.Values], [.. _rooms.Values], _now);
            foreach (var name in Enumerable.Range(0, 8).Select(i => $"p{i}"))
            {
                Assert.Equal(drawn.LoadOf(name), _picture.LoadOf(name));
                Assert.Equal(_rooms.Values.Count(room => room.Instance == name), _picture.CountOn(name));
                var rooms = new List<string>();
                _picture.RoomsOn(name, rooms);
                Assert.Equal(_rooms.Values.Where(room => room.Instance == name).Select(room => room.Room), rooms.Order(StringComparer.Ordinal));
            }

            Assert.All(Clusters, cluster => Assert.Equal(drawn.HeldFor(cluster), _picture.HeldFor(cluster)));
            Assert.Equal(_rooms.Values.Where(room => !_pods.ContainsKey(room.Instance)).Select(room => room.Room), _picture.Stranded().Order(StringComparer.Ordinal));
            foreach (var losses in (ReadOnlySpan<int>)[0, 1, 2])
            {
                var request = new RoomRequest { Room = "new", ExpectedParticipants = 10, Losses = losses };
                Assert.Equal(RoomPlacer.Place(drawn, request).Instance, RoomPlacer.Place(_picture, request).Instance);
                drawn.Release("new");
                _picture.Release("new");
            }
        }
    }
}
