using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Acts on a participant's signal requests.</summary>
internal sealed class SignalHandler(
    ClientLimits limits,
    LimitReports reports,
    Negotiation negotiation,
    TrackPublisher publishing,
    SubscriptionEngine subscriptions,
    PublisherSweeps sweeps,
    DataTrackRelay dataTracks,
    Departures departures,
    StateSync stateSync,
    SimulatedFaults faults,
    ParticipantTexts texts,
    RelayNews relayNews,
    RoomTimer timer)
{
    /// <param name="participant">Who asks.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="description">The session description in it, if it has been read already.</param>
    /// <param name="now">Now.</param>
    public void Handle(Participant participant, SignalRequest request, RemoteDescription? description, Instant now)
    {
        if (RequestBounds.Exceeds(request, limits))
        {
            reports.Count(participant, ClientLimit.Subscriptions, now);
            if (request.SubscriptionPermission is not null)
            {
                participant.Send(new SignalResponse
                {
                    RequestResponse = new RequestResponse { Reason = Reason.LimitExceeded, Message = "too many subscription permissions" },
                });
            }

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
                if (participant.HeldNews is { } news)
                {
                    news.Announced(now);
                    timer.Schedule(news.Until);
                }

                publishing.Announce(participant, request.AddTrack, now);
                break;
            case Request.Mute:
                Mute(participant, request.Mute, now);
                break;
            case Request.Subscription:
                Subscribe(participant, request.Subscription, now);
                break;
            case Request.TrackSetting:
                subscriptions.UpdateSettings(participant, request.TrackSetting, now);
                break;
            case Request.Leave:
                departures.Left(participant, request.Leave.Reason == DisconnectReason.UnknownReason ? DisconnectReason.ClientInitiated : request.Leave.Reason, now);
                break;
            case Request.SubscriptionPermission:
                Permit(participant, request.SubscriptionPermission, now);
                break;
            case Request.SyncState:
                stateSync.Synchronise(participant, request.SyncState, now);
                break;
            case Request.Simulate:
                faults.Simulate(participant, request.Simulate, now);
                break;
            case Request.UpdateMetadata:
                UpdateMetadata(participant, request.UpdateMetadata, now);
                break;
            case Request.UpdateAudioTrack:
                publishing.UpdateAudio(participant, request.UpdateAudioTrack, now);
                break;
            case Request.UpdateVideoTrack:
                publishing.UpdateVideo(participant, request.UpdateVideoTrack, now);
                break;
            case Request.PublishDataTrackRequest:
                dataTracks.Publish(participant, request.PublishDataTrackRequest, now);
                break;
            case Request.UnpublishDataTrackRequest:
                dataTracks.Unpublish(participant, request.UnpublishDataTrackRequest, now);
                break;
            case Request.UpdateDataSubscription:
                dataTracks.UpdateSubscription(participant, request.UpdateDataSubscription, now);
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

    private void Mute(Participant participant, MuteTrackRequest request, Instant now)
    {
        if (participant.Tracks.TryGetValue(request.Sid, out var track))
        {
            publishing.SetMuted(participant, track, request.Muted, now);
        }
        else
        {
            participant.Send(new SignalResponse
            {
                RequestResponse = new RequestResponse { Reason = Reason.NotFound, Message = "no such track", Mute = request },
            });
        }
    }

    private void Subscribe(Participant participant, UpdateSubscription request, Instant now)
    {
        subscriptions.Update(participant, request.TrackSids, request.Subscribe, now);
        foreach (var publisher in request.ParticipantTracks)
        {
            subscriptions.Update(participant, publisher.TrackSids, request.Subscribe, now);
        }
    }

    private void Permit(Participant participant, SubscriptionPermission permission, Instant now)
    {
        participant.Access = SubscriptionAccess.From(permission);
        participant.SaidAccess = participant.Access is null ? null : permission;
        relayNews.MemberChanged(participant, atOnce: false, now);
        sweeps.Start(participant, now);
        dataTracks.ReconcilePublisher(participant, now);
    }

    private void UpdateMetadata(Participant participant, UpdateParticipantMetadata request, Instant now)
    {
        var response = new RequestResponse { RequestId = request.RequestId, UpdateMetadata = request };
        if (!participant.Permission.CanUpdateMetadata)
        {
            (response.Reason, response.Message) = (Reason.NotAllowed, "does not have permission to update own metadata");
        }
        else if (!participant.MetadataBudget.TryTake(1, now) || !participant.MetadataBytesBudget.TryTake(SizeAfter(participant, request), now))
        {
            reports.Count(participant, ClientLimit.Metadata, now);
            (response.Reason, response.Message) = (Reason.LimitExceeded, "too many updates");
        }
        else if (!texts.TryUpdate(participant, request.Name, request.Metadata, request.Attributes, now))
        {
            (response.Reason, response.Message) = (Reason.LimitExceeded, "metadata, name or attributes exceed the limits");
        }

        // Older clients take any response for a failure.
        if (response.Reason != Reason.Ok || ProtocolFeatures.RequestResponseOk(participant.Join.Protocol))
        {
            participant.Send(new SignalResponse { RequestResponse = response });
        }
    }

    /// <summary>At most what everybody is sent: what the participant says of itself, with the update.</summary>
    private static int SizeAfter(Participant participant, UpdateParticipantMetadata request) =>
        participant.Metadata.Length + JoinLimits.Size(participant.Attributes) + request.CalculateSize();

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
