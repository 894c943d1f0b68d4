using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Acts on what participants ask about what they receive. Used on the room's loop.</summary>
internal sealed class SubscriberRequests(SubscriptionEngine subscriptions, DataTrackRelay dataTracks, StateSync stateSync)
{
    public void Handle(Participant subscriber, SignalRequest request, Instant now)
    {
        switch (request.MessageCase)
        {
            case Request.Subscription:
                subscriptions.Update(subscriber, request.Subscription.TrackSids, request.Subscription.ParticipantTracks, request.Subscription.Subscribe, now);
                break;
            case Request.TrackSetting:
                subscriptions.UpdateSettings(subscriber, request.TrackSetting, now);
                break;
            case Request.UpdateDataSubscription:
                dataTracks.UpdateSubscription(subscriber, request.UpdateDataSubscription, now);
                break;
            case Request.SyncState:
                stateSync.Synchronise(subscriber, request.SyncState, now);
                break;
            default:
                throw new ArgumentException($"{request.MessageCase} is not about what is received.", nameof(request));
        }
    }
}
