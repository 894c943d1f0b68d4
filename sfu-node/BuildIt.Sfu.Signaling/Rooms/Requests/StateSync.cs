using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Brings what a client that has resumed believes, and what is so, together. Used on the room's loop.</summary>
internal sealed class StateSync(Departures departures, SubscriptionEngine subscriptions, DataTrackRelay dataTracks, DataRelay data)
{
    /// <summary>Compares what the client believes with what is so.</summary>
    public void Synchronise(Participant participant, SyncState state, Instant now)
    {
        if (state.PublishTracks.Any(p => p.Track is { Sid.Length: > 0 } track && !participant.Tracks.ContainsKey(track.Sid)))
        {
            departures.Leave(participant, DisconnectReason.StateMismatch, LeaveAction.Reconnect, now);
            return;
        }

        if (state.Subscription is { } subscription)
        {
            subscriptions.Update(participant, subscription.TrackSids, subscription.ParticipantTracks, subscription.Subscribe, now);
        }

        if (state.TrackSidsDisabled.Count > 0)
        {
            var disabled = new UpdateTrackSettings { Disabled = true };
            disabled.TrackSids.AddRange(state.TrackSidsDisabled);
            subscriptions.UpdateSettings(participant, disabled, now);
        }

        if (state.DataSubscription is { } wishes)
        {
            dataTracks.UpdateSubscription(participant, wishes, now);
        }

        // Nobody receives what it sent itself.
        foreach (var received in state.DatachannelReceiveStates.Where(r => r.PublisherSid != participant.Sid.Value).DistinctBy(r => r.PublisherSid))
        {
            data.Replay(participant, received, now);
        }
    }
}
