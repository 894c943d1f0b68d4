using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Bench.Signals;

/// <summary>
/// Asks a room's loop for its processor time again and again: what it has used between two answers it was kept from everything else
/// for, by the room's timers and those of its peers.
/// </summary>
internal sealed class LoopProbe(RoomHost room)
{
    private static readonly TimeSpan After = TimeSpan.FromSeconds(1);

    /// <summary>Does <paramref name="work"/>, and looks on for a second.</summary>
    /// <returns>The longest single occupation of the loop, in milliseconds of processor time.</returns>
    public async Task<double> DuringAsync(Func<Task> work)
    {
        var longest = 0.0;
        var before = await ReadAsync();
        var working = work();
        for (var start = TimeProvider.System.GetTimestamp(); !working.IsCompleted || TimeProvider.System.GetElapsedTime(start) < After;)
        {
            var after = await ReadAsync();
            longest = Math.Max(longest, (after - before) / 1e6);
            before = after;
        }

        await working;
        return longest;
    }

    private Task<long> ReadAsync() => room.InvokeAsync((_, _) => ThreadCpu.Nanoseconds());
}
