using System.Text.Json;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Acts on a participant's signal requests.</summary>
internal sealed class SignalHandler(RoomCore room)
{
    /// <param name="participant">Who asks.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="description">The session description in it, if it has been read already.</param>
    /// <param name="now">Now.</param>
    public void Handle(Participant participant, SignalRequest request, RemoteDescription? description, Instant now)
    {
        if (RequestBounds.Exceeds(request, room.Services.Limits))
        {
            room.CountLimit(participant, ClientLimit.Subscriptions, now);
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
                if (BeginOffer(participant, request.Offer.Id, description ?? RemoteDescription.Parse(request.Offer.Sdp), now) is { } work)
                {
                    work.Answer.Build();
                    FinishOffer(participant, work, now);
                }

                break;
            case Request.Answer:
                Answer(participant, description ?? RemoteDescription.Parse(request.Answer.Sdp), now);
                break;
            case Request.Trickle:
                Trickle(participant, request.Trickle, now);
                break;
            case Request.AddTrack:
                if (participant.HeldNews is { } news)
                {
                    news.Announced(now);
                    room.Schedule(news.Until);
                }

                room.Publishing.Announce(participant, request.AddTrack, now);
                break;
            case Request.Mute:
                Mute(participant, request.Mute, now);
                break;
            case Request.Subscription:
                Subscribe(participant, request.Subscription, now);
                break;
            case Request.TrackSetting:
                room.Subscriptions.UpdateSettings(participant, request.TrackSetting, now);
                break;
            case Request.Leave:
                room.Left(participant, request.Leave.Reason == DisconnectReason.UnknownReason ? DisconnectReason.ClientInitiated : request.Leave.Reason, now);
                break;
            case Request.SubscriptionPermission:
                Permit(participant, request.SubscriptionPermission, now);
                break;
            case Request.SyncState:
                room.Resumption.Synchronise(participant, request.SyncState, now);
                break;
            case Request.Simulate:
                room.Simulate(participant, request.Simulate, now);
                break;
            case Request.UpdateMetadata:
                UpdateMetadata(participant, request.UpdateMetadata, now);
                break;
            case Request.UpdateAudioTrack:
                room.Publishing.UpdateAudio(participant, request.UpdateAudioTrack, now);
                break;
            case Request.UpdateVideoTrack:
                room.Publishing.UpdateVideo(participant, request.UpdateVideoTrack, now);
                break;
            case Request.PublishDataTrackRequest:
                room.DataTracks.Publish(participant, request.PublishDataTrackRequest, now);
                break;
            case Request.UnpublishDataTrackRequest:
                room.DataTracks.Unpublish(participant, request.UnpublishDataTrackRequest, now);
                break;
            case Request.UpdateDataSubscription:
                room.DataTracks.UpdateSubscription(participant, request.UpdateDataSubscription, now);
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

    /// <summary>Takes an offer as far as that needs the loop. Null when the participant is sent away for it.</summary>
    public OfferWork? BeginOffer(Participant participant, uint id, RemoteDescription offer, Instant now) =>
        IsRefused(participant, offer, now) ? null : new OfferWork(id, participant.Media.BeginOffer(offer, now));

    public void FinishOffer(Participant participant, OfferWork work, Instant now)
    {
        var result = participant.Media.FinishOffer(work.Answer, now);
        if (result.Error is not null)
        {
            room.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Reconnect, now);
            return;
        }

        // The answer repeats the offer's id: JavaScript ignores any other, Rust sends 0.
        var answer = new SessionDescription { Type = "answer", Sdp = result.Sdp, Id = work.Id };
        answer.MidToTrackId.Add(result.MidToTrack.ToDictionary());
        participant.Send(new SignalResponse { Answer = answer });
    }

    private void Answer(Participant participant, RemoteDescription answer, Instant now)
    {
        if (!IsRefused(participant, answer, now) && participant.Media.HandleAnswer(answer, now) is not null)
        {
            // The two sides disagree about the connection; starting anew is the way out that every client knows.
            room.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Reconnect, now);
        }
    }

    /// <summary>A description larger than any client needs ends the session; coming back with the same would help nobody.</summary>
    private bool IsRefused(Participant participant, RemoteDescription description, Instant now)
    {
        if (description.IsTooLarge)
        {
            room.CountLimit(participant, ClientLimit.Description, now);
            room.Leave(participant, DisconnectReason.StateMismatch, LeaveRequest.Types.Action.Disconnect, now);
        }

        return description.IsTooLarge;
    }

    private static void Trickle(Participant participant, TrickleRequest trickle, Instant now)
    {
        if (trickle.CandidateInit.Length is 0 or > 4096)
        {
            return;
        }

        try
        {
            using var json = JsonDocument.Parse(trickle.CandidateInit, new JsonDocumentOptions { MaxDepth = 4 });
            if (json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("candidate", out var candidate)
                && candidate.ValueKind == JsonValueKind.String
                && candidate.GetString() is { Length: > 0 } line)
            {
                participant.Media.AddRemoteCandidate(
                    trickle.Target == SignalTarget.Subscriber ? PeerTarget.Subscriber : PeerTarget.Publisher, line, now);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // A candidate that cannot be read is one path fewer, nothing else.
        }
    }

    private void Mute(Participant participant, MuteTrackRequest request, Instant now)
    {
        if (participant.Tracks.TryGetValue(request.Sid, out var track))
        {
            room.Publishing.SetMuted(participant, track, request.Muted, now);
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
        room.Subscriptions.Update(participant, request.TrackSids, request.Subscribe, now);
        foreach (var publisher in request.ParticipantTracks)
        {
            room.Subscriptions.Update(participant, publisher.TrackSids, request.Subscribe, now);
        }
    }

    private void Permit(Participant participant, SubscriptionPermission permission, Instant now)
    {
        participant.Access = SubscriptionAccess.From(permission);
        participant.SaidAccess = participant.Access is null ? null : permission;
        room.Relays.MemberChanged(participant, atOnce: false, now);
        room.Subscriptions.ReconcilePublisher(participant, now);
        room.DataTracks.ReconcilePublisher(participant, now);
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
            room.CountLimit(participant, ClientLimit.Metadata, now);
            (response.Reason, response.Message) = (Reason.LimitExceeded, "too many updates");
        }
        else if (!room.TryUpdate(participant, request.Name, request.Metadata, request.Attributes, now))
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
