using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Relays;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Joins;

/// <summary>Result of a join.</summary>
/// <param name="Sid">The session, when there is no error.</param>
/// <param name="Error">Why the client is refused, else null.</param>
/// <param name="Offer">What the client offered along with it, if anything: to be built, then given to <see cref="RoomCore.FinishOffer"/>.</param>
/// <param name="State">What a client that resumes said along with it, if anything: to be handled as its first request.</param>
public readonly record struct JoinResult(ParticipantSid Sid, JoinError? Error, OfferWork? Offer = null, SyncState? State = null);

/// <summary>Lets clients in, or refuses them. Used on the room's loop.</summary>
internal sealed class Arrivals(
    RoomState state,
    RoomLifetime lifetime,
    NodeServices services,
    NewsBounds bounds,
    Resumption resumption,
    Departures departures,
    RemoteMembers remoteMembers,
    Welcome welcome)
{
    /// <summary>How long media may take to connect after a join.</summary>
    public static readonly TimeSpan JoinTimeout = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A client connects. On success the join or reconnect response is the first message in <paramref name="sink"/>; a resume of an
    /// unknown session also succeeds here, and its only message tells the client to start anew.
    /// </summary>
    public JoinResult Join(JoinAttempt attempt, ISignalSink sink, Instant now)
    {
        if (state.Ended)
        {
            return new JoinResult(default, JoinError.Unavailable);
        }

        var existing = state.Members.FindHere(attempt.Claims.Identity);
        if (attempt.Parameters.Reconnect)
        {
            return resumption.Resume(existing, attempt, sink, now);
        }

        var elsewhere = state.Members.FindElsewhere(attempt.Claims.Identity);
        var participant = new Participant(
            new ParticipantSid(services.Sids.Next("PA_")), attempt.Claims, attempt.Parameters, services.Limits)
        {
            Region = services.Server.Region,
            JoinedAt = services.Clock.At(now),
            Signal = sink,
            State = ParticipantInfo.Types.State.Joined,
            MediaDeadline = now + JoinTimeout,
            NextTokenRefresh = now + FreshTokens.First,
            Replaces = elsewhere is null ? [] : [elsewhere.Sid.Value],
        };
        if (existing is null && elsewhere is null && Refuse(participant) is { } error)
        {
            return new JoinResult(default, error);
        }

        if (existing is not null)
        {
            departures.Leave(existing, DisconnectReason.DuplicateIdentity, LeaveAction.Disconnect, now);
        }

        if (elsewhere is not null)
        {
            // Its own node sends it away when it hears of this one.
            remoteMembers.Forget(elsewhere, DisconnectReason.DuplicateIdentity, now);
        }

        lifetime.Joined();
        state.Members.Add(participant);
        return new JoinResult(participant.Sid, null, welcome.Give(participant, attempt.Parameters, now));
    }

    /// <summary>Why somebody who was not there before cannot come in.</summary>
    private JoinError? Refuse(Participant participant)
    {
        var most = state.Options.MaxParticipants;
        return most > 0 && participant.CountsAsParticipant && state.Members.All.Count(p => p.CountsAsParticipant) >= most ? JoinError.RoomFull
            : !bounds.MaySay(participant, 1) ? JoinError.RoomSaysTooMuch
            : null;
    }
}
