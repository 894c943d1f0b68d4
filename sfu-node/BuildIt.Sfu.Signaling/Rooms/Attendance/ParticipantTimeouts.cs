using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>What happens to each participant by the passing of time. Used on the room's loop.</summary>
internal sealed class ParticipantTimeouts(
    RoomMembers members, MediaConnections connections, FreshTokens tokens, ReturningClients returning, SimulatedFaults faults)
{
    // Participants may leave while they are walked. Kept, because a large room has something due several times a second.
    private readonly List<Participant> _walked = [];

    /// <returns>When to look again.</returns>
    public Instant HandleTimeout(Instant now)
    {
        var next = Instant.Never;
        _walked.Clear();
        _walked.AddRange(members.Here);
        foreach (var participant in _walked)
        {
            next = Instant.Min(next, HandleTimeout(participant, now));
        }

        return next;
    }

    private Instant HandleTimeout(Participant participant, Instant now)
    {
        if (participant.MediaDeadline <= now)
        {
            connections.TimedOut(participant, now);
            return Instant.Never;
        }

        if (participant.NextTokenRefresh <= now)
        {
            tokens.Give(participant, now);
        }

        if (participant.HeldNews is { } news && news.Until <= now)
        {
            returning.TellHeldNews(participant, now);
        }

        var speaking = faults.HandleTimeout(participant, now);
        return Instant.Min(
            Instant.Min(participant.HeldNews?.Until ?? Instant.Never, Instant.Min(participant.MediaDeadline, participant.NextTokenRefresh)),
            Instant.Min(speaking, SubscriptionEngine.HandleTimeout(participant, now)));
    }
}
