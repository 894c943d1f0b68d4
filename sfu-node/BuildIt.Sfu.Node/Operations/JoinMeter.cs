using System.Collections.Concurrent;
using BuildIt.Sfu.Signaling.Rooms.Events;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>Counts attempts to join by how they were answered, and times those that got in. Any thread.</summary>
public sealed class JoinMeter(TimeProvider time) : IRoomObserver
{
    /// <summary>What nobody collects is forgotten, the newest first.</summary>
    private const int MostTimes = 10_000;

    private readonly ConcurrentDictionary<int, long> _answers = new();
    private readonly ConcurrentQueue<double> _times = new();

    /// <summary>Answers so far, by HTTP status; 101 is the upgrade to a WebSocket.</summary>
    public IReadOnlyCollection<KeyValuePair<int, long>> Answers => _answers;

    /// <summary>Takes one of the times, in seconds, from joining until media could flow.</summary>
    public bool TryTake(out double seconds) => _times.TryDequeue(out seconds);

    /// <summary>Counts what a request is answered with, where it is one to join.</summary>
    public Task CountAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.StartsWithSegments("/rtc", out var rest) && rest.Value is "" or "/v1")
        {
            // A join lasts as long as the call; it is counted when it begins.
            context.Response.OnStarting(() =>
            {
                _answers.AddOrUpdate(context.Response.StatusCode, 1, (_, count) => count + 1);
                return Task.CompletedTask;
            });
        }

        return next(context);
    }

    public void OnEvent(RoomEvent happened)
    {
        if (happened is RoomEvent.ParticipantJoined { Participant.JoinedAtMs: > 0 and var joinedAt } && _times.Count < MostTimes)
        {
            _times.Enqueue(Math.Max(0, (time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(joinedAt)).TotalSeconds));
        }
    }
}
