using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>A client whose signal connection broke comes back to the session it had.</summary>
internal sealed class Resumption(RoomCore room)
{
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
            room.Expect(attempt.Claims.Identity, now);
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
        participant.Send(new SignalResponse { Reconnect = room.MakeReconnectResponse(participant, now) });
        if (participant.Simulation.DisconnectOnResume)
        {
            participant.Simulation.DisconnectOnResume = false;
            sink.Abort();
            participant.Signal = null;
            return new JoinResult(participant.Sid, null);
        }

        SendSnapshot(participant, now);
        room.TellHeldNews(participant, now);
        if (participant.MediaDeadline != Instant.Never && participant.EverActive)
        {
            participant.MediaDeadline = now + RoomCore.ResumeTimeout;
            room.Schedule(participant.MediaDeadline);
        }

        participant.Media.RestartSubscriberIce(now);
        var offer = attempt.Parameters.Offer is { } description && room.Has(participant.Sid.Value)
            ? room.Requests.BeginOffer(participant, attempt.Parameters.PublisherOffer!.Id, description, now)
            : null;
        return new JoinResult(participant.Sid, null, offer, attempt.Parameters.SyncState);
    }

    /// <summary>Compares what the client believes with what is so.</summary>
    public void Synchronise(Participant participant, SyncState state, Instant now)
    {
        if (state.PublishTracks.Any(p => p.Track is { Sid.Length: > 0 } track && !participant.Tracks.ContainsKey(track.Sid)))
        {
            room.Leave(participant, DisconnectReason.StateMismatch, LeaveAction.Reconnect, now);
            return;
        }

        if (state.Subscription is { } subscription)
        {
            room.Subscriptions.Update(participant, subscription.TrackSids, subscription.Subscribe, now);
            foreach (var publisher in subscription.ParticipantTracks)
            {
                room.Subscriptions.Update(participant, publisher.TrackSids, subscription.Subscribe, now);
            }
        }

        if (state.TrackSidsDisabled.Count > 0)
        {
            var disabled = new UpdateTrackSettings { Disabled = true };
            disabled.TrackSids.AddRange(state.TrackSidsDisabled);
            room.Subscriptions.UpdateSettings(participant, disabled, now);
        }

        if (state.DataSubscription is { } data)
        {
            room.DataTracks.UpdateSubscription(participant, data, now);
        }

        // Nobody receives what it sent itself.
        foreach (var received in state.DatachannelReceiveStates.Where(r => r.PublisherSid != participant.Sid.Value).DistinctBy(r => r.PublisherSid))
        {
            room.Data.Replay(participant, received, now);
        }
    }

    /// <summary>Everything a client has to know again. Rust takes whoever is absent from it for gone.</summary>
    private void SendSnapshot(Participant participant, Instant now)
    {
        if (ProtocolFeatures.DisconnectedUpdates(participant.Join.Protocol))
        {
            foreach (var message in ParticipantNews.Split(room.News.Departures))
            {
                participant.Send(message);
            }
        }

        // Complete and in one message: a client compares it with what it had.
        var update = new ParticipantUpdate();
        update.Participants.Add(participant.Snapshot);
        update.Participants.AddRange(room.Members.Where(p => p != participant && !p.Hidden).Select(p => p.Snapshot));
        participant.Send(new SignalResponse { Update = update });
        participant.Send(new SignalResponse { RoomUpdate = new RoomUpdate { Room = room.Info() } });
        foreach (var track in participant.Tracks.Values)
        {
            if (track.WantedQualities is { } wanted)
            {
                participant.Send(wanted);
            }
        }

        room.DataTracks.TellHandles(participant, now);

        room.Subscriptions.TellAgain(participant);
        room.Newcomers.TellAgain(participant);
        room.RefreshToken(participant, now);
    }
}
