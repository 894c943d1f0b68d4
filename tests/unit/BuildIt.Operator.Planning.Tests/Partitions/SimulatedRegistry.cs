using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>The region's Redis: what it holds, and whether it answers anybody.</summary>
internal sealed class SimulatedRegistry
{
    private readonly Dictionary<string, (long Sequence, DateTimeOffset Expires)> _heartbeats = new(StringComparer.Ordinal);
    private readonly Dictionary<RoomId, RoomRoute> _routes = [];

    public bool Up { get; private set; } = true;

    /// <summary>Which filling of the registry this is; null while it is empty.</summary>
    public long? Epoch { get; set; }

    /// <summary>Everything is lost, as when it starts again.</summary>
    public void Wipe()
    {
        _heartbeats.Clear();
        _routes.Clear();
        Epoch = null;
    }

    public void Stop()
    {
        Up = false;
        Wipe();
    }

    public void Start() => Up = true;

    public void Beat(string node, long sequence, DateTimeOffset now) => _heartbeats[node] = (sequence, now + Heartbeat.Expiry);

    public IReadOnlyList<(string Node, long Sequence)> Heartbeats(DateTimeOffset now) =>
        [.. _heartbeats.Where(beat => beat.Value.Expires > now).Select(beat => (beat.Key, beat.Value.Sequence))];

    public RoomRoute? Find(RoomId room) => _routes.GetValueOrDefault(room);

    /// <summary>Writes a route unless a higher generation is there.</summary>
    public bool Write(RoomRoute route)
    {
        if (_routes.TryGetValue(route.Room, out var known) && known.Generation > route.Generation)
        {
            return false;
        }

        _routes[route.Room] = route;
        return true;
    }
}
