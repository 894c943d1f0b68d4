using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using Reason = BuildIt.Sfu.Signaling.Protocol.RequestResponse.Types.Reason;

namespace BuildIt.Sfu.Signaling.Rooms.Requests;

/// <summary>Refuses requests whose lists are longer than is gone through. Used on the room's loop.</summary>
internal sealed class RequestGuard(ClientLimits limits, LimitReports reports)
{
    /// <summary>Whether a request is not to be acted on; it is counted, and answered where a client waits for that.</summary>
    public bool Refuses(Participant participant, SignalRequest request, Instant now)
    {
        if (!RequestBounds.Exceeds(request, limits))
        {
            return false;
        }

        reports.Count(participant, ClientLimit.Subscriptions, now);
        if (request.SubscriptionPermission is not null)
        {
            participant.Send(new SignalResponse
            {
                RequestResponse = new RequestResponse { Reason = Reason.LimitExceeded, Message = "too many subscription permissions" },
            });
        }

        return true;
    }
}
