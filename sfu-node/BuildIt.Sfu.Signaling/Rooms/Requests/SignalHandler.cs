using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Acts on a participant's signal requests.</summary>
internal sealed class SignalHandler(
    RequestGuard guard,
    Negotiation negotiation,
    PublisherRequests publishers,
    SubscriberRequests subscribers,
    ParticipantTexts texts,
    Departures departures,
    SimulatedFaults faults)
{
    /// <param name="participant">Who asks.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="description">The session description in it, if it has been read already.</param>
    /// <param name="now">Now.</param>
    public void Handle(Participant participant, SignalRequest request, RemoteDescription? description, Instant now)
    {
        if (guard.Refuses(participant, request, now))
        {
            return;
        }

        switch (request.MessageCase)
        {
            case Request.Offer:
                negotiation.Offer(participant, request.Offer.Id, description ?? RemoteDescription.Parse(request.Offer.Sdp), now);
                break;
            case Request.Answer:
                negotiation.Answer(participant, description ?? RemoteDescription.Parse(request.Answer.Sdp), now);
                break;
            case Request.Trickle:
                Negotiation.Trickle(participant, request.Trickle, now);
                break;
            case Request.AddTrack:
            case Request.Mute:
            case Request.UpdateAudioTrack:
            case Request.UpdateVideoTrack:
            case Request.SubscriptionPermission:
            case Request.PublishDataTrackRequest:
            case Request.UnpublishDataTrackRequest:
                publishers.Handle(participant, request, now);
                break;
            case Request.Subscription:
            case Request.TrackSetting:
            case Request.UpdateDataSubscription:
            case Request.SyncState:
                subscribers.Handle(participant, request, now);
                break;
            case Request.UpdateMetadata:
                texts.UpdateOwn(participant, request.UpdateMetadata, now);
                break;
            case Request.Leave:
                departures.Left(participant, request.Leave.Reason == DisconnectReason.UnknownReason ? DisconnectReason.ClientInitiated : request.Leave.Reason, now);
                break;
            case Request.Simulate:
                faults.Simulate(participant, request.Simulate, now);
                break;
            case Request.StoreDataBlobRequest:
                Unsupported(participant, request.StoreDataBlobRequest.RequestId);
                break;
            case Request.GetDataBlobRequest:
                Unsupported(participant, request.GetDataBlobRequest.RequestId);
                break;
            case Request.UpdateLayers:
            case Request.None:
            default:
                // Deprecated, newer than this node, or answered before it came here (pings).
                break;
        }
    }

    private static void Unsupported(Participant participant, uint requestId) =>
        participant.Send(new SignalResponse
        {
            RequestResponse = new RequestResponse
            {
                RequestId = requestId,
                Reason = Reason.UnsupportedType,
                Message = "data blobs are not supported",
            },
        });
}
