using System.Globalization;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>
/// One seed: somebody sees less than others again and again, and newcomers keep joining every room through every node. Once
/// somebody was let in by a newer placement, nobody is let in by an older one; and when all see each other again, everybody gets in.
/// </summary>
internal sealed class PartitionRun
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Troubled = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);

    private readonly int _seed;
    private readonly Random _random;
    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly SimulatedRegistry _registry = new();
    private readonly SimulatedRegion _region;
    private readonly SimulatedOperator _operator;
    private readonly Dictionary<RoomId, (long Generation, string Node)> _served = [];
    private readonly List<(DateTimeOffset At, Action Mend)> _mends = [];
    private readonly List<string> _story = [];

    public PartitionRun(int seed)
    {
        _seed = seed;
        _random = new Random(seed);
        _region = new SimulatedRegion(_time, _registry, _random);
        _operator = new SimulatedOperator(_registry, _region, _random);
    }

    /// <summary>Newcomers who got in.</summary>
    public int Served { get; private set; }

    /// <summary>Rooms that were taken from a pod that was given up.</summary>
    public int Failovers => _operator.Failovers;

    public void Run()
    {
        Pass(TimeSpan.FromSeconds(10), trouble: false);
        Pass(Troubled, trouble: true);
        _mends.ForEach(mend => mend.Mend());
        _mends.Clear();
        Pass(Quiet, trouble: false);
        foreach (var room in _region.Rooms)
        {
            foreach (var node in _region.Nodes.Where(node => node.Runs))
            {
                Assert.True(Join(room, node), $"{this}\n{room} cannot be joined through {node.Name} although all see each other");
            }
        }
    }

    public override string ToString() => $"seed {_seed}:\n{string.Join('\n', _story.TakeLast(30))}";

    private void Pass(TimeSpan during, bool trouble)
    {
        var until = _time.GetUtcNow() + during;
        while (_time.GetUtcNow() < until)
        {
            _time.Advance(Tick);
            var now = _time.GetUtcNow();
            foreach (var mend in _mends.Where(mend => mend.At <= now).ToList())
            {
                _mends.Remove(mend);
                mend.Mend();
            }

            if (trouble && _random.NextDouble() < 0.03)
            {
                Trouble(now + TimeSpan.FromSeconds(_random.Next(1, 20)));
            }

            _region.Step();
            _operator.Step(now);
            foreach (var node in _region.Nodes.Where(node => node.Runs))
            {
                Join(_region.Rooms[_random.Next(_region.Rooms.Count)], node);
            }
        }
    }

    private void Trouble(DateTimeOffset until)
    {
        var nodes = _region.Nodes;
        var node = nodes[_random.Next(Math.Max(1, nodes.Count))];
        switch (_random.Next(10))
        {
            case 0:
                Happen("Redis is away", until, _registry.Stop, _registry.Start);
                break;
            case 1:
                Happen("Redis is emptied", until, _registry.Wipe, () => { });
                break;
            case 2:
                Happen("the operator is replaced", until, () => _operator.Restart(until), () => { });
                break;
            case 3:
                Happen("the operator does not see Redis", until, () => _operator.SeesRegistry = false, () => _operator.SeesRegistry = true);
                break;
            case 4:
                Happen("the operator sees nobody", until, () => Blind(true), () => Blind(false));
                break;
            case 5:
                Happen($"{node.Name} does not see Redis", until, () => node.SeesRegistry = false, () => node.SeesRegistry = true);
                break;
            case 6:
                Happen($"the operator does not see {node.Name}", until, () => node.SeenByOperator = false, () => node.SeenByOperator = true);
                break;
            case 7:
                Happen($"only clients see {node.Name}", until, () => Partition(node, true), () => Partition(node, false));
                break;
            case 8:
                RoomId? interrupted = _random.Next(2) == 0 ? _region.Rooms[_random.Next(_region.Rooms.Count)] : null;
                node.SeenByKubernetes = _random.Next(2) == 0;
                Happen($"{node.Name} is stopped in its tracks", until, () => node.Pause(interrupted), () => Continue(node));
                break;
            default:
                Happen($"{node.Name} dies", until, node.Die, () => { });
                break;
        }
    }

    private void Happen(string what, DateTimeOffset until, Action now, Action mend)
    {
        Tell($"{what} until {(until - Given.Now).TotalSeconds} s");
        now();
        _mends.Add((until, mend));
    }

    private void Blind(bool blind)
    {
        _operator.SeesRegistry = !blind;
        foreach (var node in _region.Nodes)
        {
            node.SeenByOperator = !blind;
        }
    }

    private static void Partition(SimulatedNode node, bool cut) => (node.SeesRegistry, node.SeenByOperator, node.SeenByKubernetes) = (!cut, !cut, !cut);

    private void Continue(SimulatedNode node)
    {
        if (node.Continue(_random) is var (room, answer))
        {
            Follow(room, answer);
        }

        node.SeenByKubernetes = true;
    }

    private bool Join(RoomId room, SimulatedNode through) => Follow(room, through.Ask(room));

    // A node that passes somebody on does so once: two that disagree must not send people round in circles.
    private bool Follow(RoomId room, Answer answer)
    {
        if (answer is { Node: { } next, Generation: null })
        {
            answer = _region.Nodes.FirstOrDefault(node => node.Name == next && node.Runs)?.Ask(room) ?? default;
        }

        if (answer is not { Node: { } by, Generation: { } generation })
        {
            return false;
        }

        Served++;
        if (!_served.TryGetValue(room, out var last))
        {
            last = (0, by);
        }

        if (last.Generation != generation)
        {
            Tell($"{room} is served by {by} in placement {generation}");
        }

        Assert.True(generation >= last.Generation, $"{this}\n{room} was served by {last.Node} in placement {last.Generation} already");
        Assert.True(generation > last.Generation || by == last.Node, $"{this}\n{room} is served by {last.Node} in the same placement");
        _served[room] = (generation, by);
        return true;
    }

    private void Tell(string what) => _story.Add(string.Create(CultureInfo.InvariantCulture, $"{(_time.GetUtcNow() - Given.Now).TotalSeconds,6:0.0} s  {what}"));
}
