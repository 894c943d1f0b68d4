using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Joins;

/// <summary>A client whose signal connection broke comes back to the session it had.</summary>
internal sealed class Resumption(
    RoomState state,
    JoinResponses responses,
    Negotiation negotiation,
    ParticipantNews news,
    Reception reception,
    ReturningClients returning,
    FreshTokens tokens,
    RoomTimer timer)
{
    /// <summary>How long a resumed session's media may take to be back.</summary>
    private static readonly TimeSpan MediaTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Also succeeds for a session that is not known: the only message then tells the client to start anew.
    /// </summary>
    public JoinResult Resume(Participant? participant, JoinAttempt attempt, ISignalSink sink, Instant now)
    {
        var sid = attempt.Parameters.ParticipantSid;
        if (participant is null || (sid.Length > 0 && participant.Sid.Value != sid))
        {
            sink.Send(new SignalResponse
            {
                Leave = new LeaveRequest { Reason = DisconnectReason.StateMismatch, Action = LeaveAction.Reconnect, CanReconnect = true },
            });
            sink.Close();
            returning.Expect(attempt.Claims.Identity, now);
            return new JoinResult(new ParticipantSid(sid), null);
        }

        if (participant.Signal is { } old)
        {
            participant.Signal = null;
            old.Close();
        }

        if (participant.Simulation.DisconnectOnResumeSilently)
        {
            participant.Simulation.DisconnectOnResumeSilently = false;
            sink.Abort();
            return new JoinResult(participant.Sid, null);
        }

        participant.Signal = sink;
        participant.Join = participant.Join with { Client = attempt.Parameters.Client };
        participant.Send(new SignalResponse { Reconnect = responses.Reconnect(participant, now) });
        if (participant.Simulation.DisconnectOnResume)
        {
            participant.Simulation.DisconnectOnResume = false;
            sink.Abort();
            participant.Signal = null;
            return new JoinResult(participant.Sid, null);
        }

        SendSnapshot(participant, now);
        returning.TellHeldNews(participant, now);
        if (participant.MediaDeadline != Instant.Never && participant.EverActive)
        {
            participant.MediaDeadline = now + MediaTimeout;
            timer.Schedule(participant.MediaDeadline);
        }

        participant.Media.RestartSubscriberIce(now);
        var offer = attempt.Parameters.Offer is { } description && state.Members.Has(participant)
            ? negotiation.BeginOffer(participant, attempt.Parameters.PublisherOffer!.Id, description, now)
            : null;
        return new JoinResult(participant.Sid, null, offer, attempt.Parameters.SyncState);
    }

    /// <summary>Everything a client has to know again. Rust takes whoever is absent from it for gone.</summary>
    private void SendSnapshot(Participant participant, Instant now)
    {
        if (ProtocolFeatures.DisconnectedUpdates(participant.Join.Protocol))
        {
            foreach (var message in ParticipantNews.Split(news.Departures))
            {
                participant.Send(message);
            }
        }

        // Complete and in one message: a client compares it with what it had.
        var update = new ParticipantUpdate();
        update.Participants.Add(participant.Snapshot);
        update.Participants.AddRange(state.Members.All.Where(p => p != participant && !p.Hidden).Select(p => p.Snapshot));
        participant.Send(new SignalResponse { Update = update });
        participant.Send(new SignalResponse { RoomUpdate = new RoomUpdate { Room = state.Info() } });
        foreach (var track in participant.Tracks.Values)
        {
            if (track.WantedQualities is { } wanted)
            {
                participant.Send(wanted);
            }
        }

        reception.TellAgain(participant, now);
        tokens.Give(participant, now);
    }
}
