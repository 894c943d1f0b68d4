using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>What happens when a client goes beyond a limit: it is counted, and told to the observers now and then.</summary>
public sealed partial class RoomCore
{
    /// <summary>Shortest time between two notices about one participant: a flood must not become a flood of log lines.</summary>
    public static readonly TimeSpan LimitNoticeInterval = TimeSpan.FromSeconds(10);

    /// <summary>Counts that a participant was held back by what it asked through a connection.</summary>
    public void CountLimit(ParticipantSid participant, ClientLimit limit, Instant now)
    {
        if (_bySid.TryGetValue(participant.Value, out var member))
        {
            CountLimit(member, limit, now);
        }
    }

    internal void CountLimit(Participant participant, ClientLimit limit, Instant now)
    {
        Services.LimitCounters.Count(limit);

        // A transfer that waits for its receivers is counted, but is no news for an operator.
        if (limit != ClientLimit.DataHeld && now >= participant.NextLimitNotice)
        {
            participant.NextLimitNotice = now + LimitNoticeInterval;
            _observer.OnLimited(participant.Sid, limit);
        }
    }
}
