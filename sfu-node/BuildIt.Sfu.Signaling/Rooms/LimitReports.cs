using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms;

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
