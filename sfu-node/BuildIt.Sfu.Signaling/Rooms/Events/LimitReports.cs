using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Rooms.Events;

/// <summary>What happens when a client goes beyond a limit: it is counted, and told to the observer now and then. Used on the room's loop.</summary>
internal sealed class LimitReports(LimitCounters counters, IRoomObserver observer)
{
    /// <summary>Shortest time between two notices about one participant: a flood must not become a flood of log lines.</summary>
    public static readonly TimeSpan NoticeInterval = TimeSpan.FromSeconds(10);

    public void Count(Participant participant, ClientLimit limit, Instant now)
    {
        counters.Count(limit);

        // A transfer that waits for its receivers is counted, but is no news for an operator.
        if (limit != ClientLimit.DataHeld && now >= participant.NextLimitNotice)
        {
            participant.NextLimitNotice = now + NoticeInterval;
            observer.OnLimited(participant.Sid, limit);
        }
    }
}

/// <summary>Writes to the log who is held back, by session and not by name.</summary>
internal sealed partial class LimitLog(ILogger<LimitLog> log) : IRoomObserver
{
    public void OnLimited(ParticipantSid participant, ClientLimit limit) => LogLimited(log, participant.Value, limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Participant {Participant} is held back: beyond its limit of {Limit}")]
    private static partial void LogLimited(ILogger log, string participant, ClientLimit limit);
}
