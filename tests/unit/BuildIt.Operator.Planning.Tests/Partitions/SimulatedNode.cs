using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Node.State;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>A node with its real lease and its real table of routes. What it reads, when, and whether it runs at all is simulated.</summary>
internal sealed class SimulatedNode
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time;
    private readonly SimulatedRegistry _registry;
    private readonly RouteTable _table;
    private readonly ServingLease _lease;
    private (RoomId Room, RoomRoute? Route, bool Published, long Asked)? _interrupted;
    private DateTimeOffset _nextBeat;
    private DateTimeOffset _nextSweep;
    private long _sequence;

    public SimulatedNode(string name, FakeTimeProvider time, SimulatedRegistry registry, Random random)
    {
        Name = name;
        _time = time;
        _registry = registry;
        _table = new RouteTable(new NodeId(name));
        _lease = new ServingLease(time);
        _nextBeat = Now + (Period * random.NextDouble());
        _nextSweep = Now + (Period * random.NextDouble());
    }

    public string Name { get; }

    /// <summary>When the process ended; null while it lives.</summary>
    public DateTimeOffset? DiedAt { get; private set; }

    /// <summary>Since when it is stopped in its tracks; null while it runs.</summary>
    public DateTimeOffset? PausedAt { get; private set; }

    public bool SeesRegistry { get; set; } = true;

    public bool SeenByOperator { get; set; } = true;

    /// <summary>Its kubelet reaches the API server.</summary>
    public bool SeenByKubernetes { get; set; } = true;

    public bool Runs => DiedAt is null && PausedAt is null;

    private DateTimeOffset Now => _time.GetUtcNow();

    private bool Reads => SeesRegistry && _registry.Up;

    public void Die() => DiedAt ??= Now;

    /// <summary>Stops it, at worst between reading a room's route for a newcomer and acting on it.</summary>
    public void Pause(RoomId? interrupted)
    {
        if (!Runs)
        {
            return;
        }

        if (interrupted is { } room && Reads)
        {
            _interrupted = (room, _registry.Find(room), _registry.Epoch is not null, _time.GetTimestamp());
        }

        PausedAt = Now;
    }

    /// <summary>Goes on where it was. The newcomer who was under way is answered, after whatever else was due.</summary>
    /// <returns>Who served that newcomer.</returns>
    public (RoomId Room, Answer Answer)? Continue(Random random)
    {
        if (DiedAt is not null || PausedAt is null)
        {
            return null;
        }

        PausedAt = null;
        if (random.Next(2) == 0)
        {
            Step();
        }

        if (_interrupted is not var (room, route, published, asked))
        {
            return null;
        }

        _interrupted = null;
        return (room, Decide(room, route, published, away: false, asked));
    }

    /// <summary>Does what is due: writes its heartbeat, reads the routes of its rooms.</summary>
    public void Step()
    {
        if (!Runs)
        {
            return;
        }

        if (_nextBeat <= Now)
        {
            _nextBeat = Now + Period;
            if (Reads)
            {
                _registry.Beat(Name, ++_sequence, Now);
                _lease.Renew(_time.GetTimestamp(), Heartbeat.Expiry);
            }
        }

        if (_nextSweep <= Now)
        {
            _nextSweep = Now + Period;
            foreach (var route in _table.Own())
            {
                Hear(route.Room);
            }
        }
    }

    /// <summary>The operator asks whether it lives.</summary>
    public bool Probe()
    {
        if (!Runs || !SeenByOperator)
        {
            return false;
        }

        _lease.Renew(_time.GetTimestamp(), ServingLease.ProbeTerm);
        return true;
    }

    /// <summary>The operator tells it of a route.</summary>
    public void Tell(RoomRoute route)
    {
        if (Runs && SeenByOperator)
        {
            _table.Learn(route, out _, _lease.Held ? _time.GetTimestamp() : long.MinValue);
        }
    }

    /// <summary>The registry announces that a room's route has changed.</summary>
    public void Hear(RoomId room)
    {
        if (Runs && Reads && _registry.Find(room) is { } route)
        {
            _table.Learn(route, out _, _time.GetTimestamp());
        }
    }

    /// <summary>What a newcomer is told who connects here.</summary>
    public Answer Ask(RoomId room) => Decide(room, Reads ? _registry.Find(room) : null, _registry.Epoch is not null, !Reads, _time.GetTimestamp());

    // As RegistryRoomRouter does.
    private Answer Decide(RoomId room, RoomRoute? read, bool published, bool away, long asked)
    {
        if (read is not null)
        {
            _table.Learn(read, out _, asked);
        }

        var gone = !away && published && read is null;
        if (!_table.TryFind(room, out var route, out var trueAt) || (gone && route.Node != _table.Self))
        {
            return default;
        }

        return route.Node != _table.Self
            ? new Answer(route.Node.Value, null)
            : _lease.HeldSince(trueAt) ? new Answer(Name, route.Generation) : default;
    }
}

/// <summary>What a newcomer is told: by whom it is served and in which placement, or whom to ask, or to try again.</summary>
internal readonly record struct Answer(string? Node, long? Generation);
