using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Acts on what participants ask about what they publish. Used on the room's loop.</summary>
internal sealed class PublisherRequests(TrackPublisher publishing, DataTrackRelay dataTracks, Consents consents, ReturningClients returning)
{
    public void Handle(Participant publisher, SignalRequest request, Instant now)
    {
        switch (request.MessageCase)
        {
            case Request.AddTrack:
                returning.Announced(publisher, now);
                publishing.Announce(publisher, request.AddTrack, now);
                break;
            case Request.Mute:
                Mute(publisher, request.Mute, now);
                break;
            case Request.UpdateAudioTrack:
                publishing.UpdateAudio(publisher, request.UpdateAudioTrack, now);
                break;
            case Request.UpdateVideoTrack:
                publishing.UpdateVideo(publisher, request.UpdateVideoTrack, now);
                break;
            case Request.SubscriptionPermission:
                consents.Give(publisher, request.SubscriptionPermission, now);
                break;
            case Request.PublishDataTrackRequest:
                dataTracks.Publish(publisher, request.PublishDataTrackRequest, now);
                break;
            case Request.UnpublishDataTrackRequest:
                dataTracks.Unpublish(publisher, request.UnpublishDataTrackRequest, now);
                break;
            default:
                throw new ArgumentException($"{request.MessageCase} is not about what is published.", nameof(request));
        }
    }

    private void Mute(Participant publisher, MuteTrackRequest request, Instant now)
    {
        if (publisher.Tracks.TryGetValue(request.Sid, out var track))
        {
            publishing.SetMuted(publisher, track, request.Muted, now);
        }
        else
        {
            publisher.Send(new SignalResponse
            {
                RequestResponse = new RequestResponse { Reason = Reason.NotFound, Message = "no such track", Mute = request },
            });
        }
    }
}
