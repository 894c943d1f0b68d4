using System.Collections.Concurrent;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Routing;

namespace BuildIt.Sfu.Node.Parts;

/// <summary>
/// Lets one room use several loops: measures these once a second, says which part of a room serves somebody who joins, has parts opened, and
/// closes those that are empty. Thread-safe.
/// </summary>
public sealed class PartKeeper(RoomDirectory rooms, MediaServer media, NodeSettings settings, BackgroundFaults faults, TimeProvider time, ILogger<PartKeeper> logger)
    : BackgroundService, IPartPlacement
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long somebody waits for a part that is being opened, where newcomers are placed in turn.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<RoomHost, PartedRoom> _rooms = new();
    private readonly LoopMeter _meter = new(media.Loops.Count);
    private readonly int[] _arrivals = new int[media.Loops.Count];
    private volatile LoopLoad[] _loads = new LoopLoad[media.Loops.Count];
    private long _sampledAt = time.GetTimestamp();

    /// <summary>Reads how long each loop has worked since it started.</summary>
    internal Func<TimeSpan[]> Worked { get; init; } = () => [.. media.Loops.Select(loop => loop.Statistics.Worked)];

    private bool IsOff => settings.RoomParts == RoomPartMode.Never || media.Loops.Count == 1;

    /// <summary>Share of a core that each loop used over the last second, 0 to 1.</summary>
    public IReadOnlyList<double> Busy => [.. _loads.Select(load => load.Busy)];

    /// <summary>Parts of rooms beside their homes.</summary>
    public int Count => _rooms.Keys.Sum(home => home.Parts.Length);

    /// <inheritdoc/>
    public async ValueTask<RoomHost> PlaceAsync(RoomHost home, JoinAttempt attempt, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(home);
        ArgumentNullException.ThrowIfNull(attempt);
        if (IsOff)
        {
            return home;
        }

        if (await ServedByAsync(home, attempt.Claims.Identity) is { } known)
        {
            return known;
        }

        if (attempt.Parameters.Reconnect)
        {
            if (!home.Parts.IsEmpty)
            {
                // It is told to begin anew, and may do so anywhere.
                await home.ExpectAsync([attempt.Claims.Identity]);
            }

            return home;
        }

        var room = Find(home);
        var loop = settings.RoomParts == RoomPartMode.Spread ? await SpreadAsync(home, room, cancel) : Plan(room);
        Interlocked.Increment(ref _arrivals[loop]);
        return room.On(loop);
    }

    /// <summary>Looks at loops and parts; once a second.</summary>
    /// <returns>Completes when the parts that are empty are closed.</returns>
    public Task RefreshAsync()
    {
        var at = time.GetTimestamp();
        Sample(Worked(), time.GetElapsedTime(_sampledAt, at));
        _sampledAt = at;
        return Task.WhenAll(_rooms.Values.Select(room => room.CloseEmptyAsync()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    // A loop that is held up does not keep the others from being looked at.
                    await Task.WhenAny(RefreshAsync(), Task.Delay(Interval, time, stoppingToken));
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    faults.Count("parts", error);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>The part in which somebody is already: sessions are resumed there, and replaced there.</summary>
    private static async ValueTask<RoomHost?> ServedByAsync(RoomHost home, string identity)
    {
        if (home.Parts.IsEmpty)
        {
            return null;
        }

        var part = await home.WhereAsync(identity);
        return part != home || await home.InvokeAsync((core, _) => core.IsHere(identity)) ? part : null;
    }

    private int Plan(PartedRoom room)
    {
        var loads = _loads;
        Span<LoopLoad> loops = stackalloc LoopLoad[loads.Length];
        for (var i = 0; i < loops.Length; i++)
        {
            loops[i] = loads[i] with { Arrivals = Volatile.Read(ref _arrivals[i]) };
        }

        var plan = PartPlanner.Place(loops, room.Loads());
        if (plan.Opens is { } next)
        {
            // It serves those who come later: nobody waits for it.
            _ = room.OpenAsync(next);
        }

        return plan.Loop;
    }

    private async Task<int> SpreadAsync(RoomHost home, PartedRoom room, CancellationToken cancel)
    {
        var loop = (home.Loop + room.NextArrival()) % media.Loops.Count;
        await Task.WhenAny(room.OpenAsync(loop), Task.Delay(Patience, time, cancel));
        return loop;
    }

    private PartedRoom Find(RoomHost home)
    {
        if (_rooms.TryGetValue(home, out var known))
        {
            return known;
        }

        var room = _rooms.GetOrAdd(home, _ => new PartedRoom(home, rooms, time, faults, logger));
        _ = home.Ended.ContinueWith(_ => _rooms.TryRemove(home, out PartedRoom? _), TaskScheduler.Default);
        return room;
    }

    private void Sample(TimeSpan[] worked, TimeSpan elapsed)
    {
        _meter.Sample(worked, elapsed);
        for (var i = 0; i < _arrivals.Length; i++)
        {
            Volatile.Write(ref _arrivals[i], 0);
        }

        _loads = [.. Enumerable.Range(0, worked.Length).Select(_meter.Of)];
    }
}
