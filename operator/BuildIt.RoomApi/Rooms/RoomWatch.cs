using System.Collections.Concurrent;
using System.Diagnostics;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Telemetry;
using BuildIt.Sfu.Telemetry.Traces;
using k8s;
using k8s.Autorest;

namespace BuildIt.RoomApi.Rooms;

/// <summary>
/// Waits for rooms to be placed. One watch serves all who wait; because a watch can be silent or late, everybody also looks
/// for themselves from time to time. Holds nothing that another replica would need. Thread-safe.
/// </summary>
public sealed partial class RoomWatch(RoomStore rooms, RoomApiMetrics metrics, TimeProvider time, ILogger<RoomWatch> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Waiters> _waiting = new();

    /// <summary>Waits until the room is placed, over or gone, or <paramref name="patience"/> has passed.</summary>
    /// <returns>The room as it is then; null when it does not exist.</returns>
    public async Task<ConferenceRoom?> WaitAsync(ConferenceRoom room, TimeSpan patience, CancellationToken cancellation)
    {
        var deadline = time.GetTimestamp() + (long)(patience.TotalSeconds * time.TimestampFrequency);
        ConferenceRoom? current = room;
        using var span = !Admission.IsPlaced(room) && OwnSpans.Current is { } outer
            ? OwnSpans.Start(RoomApiSpans.Source, RoomApiSpans.Wait, ActivityKind.Internal, outer.Context)
            : null;
        while (current is not null && !Admission.IsPlaced(current) && !Admission.IsOver(current, time.GetUtcNow()))
        {
            var left = time.GetElapsedTime(time.GetTimestamp(), deadline);
            if (left <= TimeSpan.Zero)
            {
                break;
            }

            current = await NextAsync(current.Metadata.Name, left < LookInterval ? left : LookInterval, cancellation)
                ?? await rooms.FindAsync(room.Metadata.Name, cancellation);
        }

        return current;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var room in rooms.WatchAsync(stoppingToken))
                {
                    if (room.Metadata?.Name is { } name && Admission.IsPlaced(room) && _waiting.TryGetValue(name, out var waiters))
                    {
                        waiters.Tell(room);
                    }
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever ended it, those who wait need the next one.
                if (!IsExpected(e))
                {
                    metrics.BackgroundFaults.WithLabels("room_watch").Inc();
                }

                LogWatchEnded(e.GetType().Name);
                await Task.Delay(RestartDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static bool IsExpected(Exception e) => e is KubernetesUnavailableException or KubernetesException or HttpOperationException
        or HttpRequestException or IOException or System.Text.Json.JsonException or OperationCanceledException;

    /// <summary>The next state that the watch shows, or null after the time.</summary>
    private async Task<ConferenceRoom?> NextAsync(string name, TimeSpan patience, CancellationToken cancellation)
    {
        var waiters = _waiting.AddOrUpdate(name, _ => new Waiters(1), (_, present) => present with { Count = present.Count + 1 });
        try
        {
            return await waiters.Placed.WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            Leave(name);
        }
    }

    private void Leave(string name)
    {
        while (_waiting.TryGetValue(name, out var present))
        {
            if (present.Count == 1 ? _waiting.TryRemove(new(name, present)) : _waiting.TryUpdate(name, present with { Count = present.Count - 1 }, present))
            {
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watch over rooms ended ({Error}); it starts again")]
    private partial void LogWatchEnded(string error);

    /// <summary>Those who wait for one room. Copies share the completion.</summary>
    private sealed record Waiters(int Count)
    {
        private readonly TaskCompletionSource<ConferenceRoom> _placed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ConferenceRoom> Placed => _placed.Task;

        public void Tell(ConferenceRoom room) => _placed.TrySetResult(room);
    }
}
