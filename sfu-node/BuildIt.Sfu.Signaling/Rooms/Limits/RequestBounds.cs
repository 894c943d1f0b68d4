using BuildIt.Sfu.Signaling.Protocol;
using Request = BuildIt.Sfu.Signaling.Protocol.SignalRequest.MessageOneofCase;

namespace BuildIt.Sfu.Signaling.Rooms.Limits;

/// <summary>How many entries one request may have in all its lists. Counting them costs nothing; going through them would. Pure.</summary>
internal static class RequestBounds
{
    public static bool Exceeds(SignalRequest request, ClientLimits limits) => request.MessageCase switch
    {
        Request.Subscription => Count(request.Subscription, limits) > limits.RequestEntries,
        Request.TrackSetting => request.TrackSetting.TrackSids.Count > limits.RequestEntries,
        Request.UpdateDataSubscription => request.UpdateDataSubscription.Updates.Count > limits.RequestEntries,
        Request.SubscriptionPermission => Count(request.SubscriptionPermission, limits) > limits.SubscriptionPermissions,
        Request.SyncState => Exceeds(request.SyncState, limits),
        _ => false,
    };

    public static bool Exceeds(SyncState state, ClientLimits limits) =>
        state.PublishTracks.Count > 2 * limits.Tracks
        || (state.Subscription is { } subscription && Count(subscription, limits) > limits.RequestEntries)
        || state.TrackSidsDisabled.Count > limits.RequestEntries
        || state.DatachannelReceiveStates.Count > limits.RequestEntries
        || state.DataSubscription?.Updates.Count > limits.RequestEntries;

    private static int Count(UpdateSubscription request, ClientLimits limits)
    {
        var count = request.TrackSids.Count + request.ParticipantTracks.Count;
        for (var i = 0; i < request.ParticipantTracks.Count && count <= limits.RequestEntries; i++)
        {
            count += request.ParticipantTracks[i].TrackSids.Count;
        }

        return count;
    }

    private static int Count(SubscriptionPermission request, ClientLimits limits)
    {
        var count = request.TrackPermissions.Count;
        for (var i = 0; i < request.TrackPermissions.Count && count <= limits.SubscriptionPermissions; i++)
        {
            count += request.TrackPermissions[i].TrackSids.Count;
        }

        return count;
    }
}
