using System.Diagnostics;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>How long somebody was in a room, by their own clock.</summary>
internal sealed class Stay
{
    private readonly Stopwatch _sinceAsked = new();
    private readonly Stopwatch _sinceJoined = new();

    /// <summary>From when they were let in until they said that they go.</summary>
    public TimeSpan Least { get; private set; }

    /// <summary>From when they asked to be let in until they were gone.</summary>
    public TimeSpan Most { get; private set; }

    public async Task<T> JoinAsync<T>(Func<Task<T>> join)
    {
        _sinceAsked.Start();
        var joined = await join();
        _sinceJoined.Start();
        return joined;
    }

    public async Task LeaveAsync(Func<ValueTask> leave)
    {
        Least = _sinceJoined.Elapsed;
        await leave();
        Most = _sinceAsked.Elapsed;
    }
}
