using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>What participants receive, of media and of data, as a whole. Used on the room's loop.</summary>
internal sealed class Reception(SubscriptionEngine subscriptions, DataTrackRelay dataTracks, Newcomers newcomers)
{
    /// <summary>Everything about one receiver: on join, and when its permissions change.</summary>
    public void Reconcile(Participant receiver, Instant now)
    {
        subscriptions.ReconcileSubscriber(receiver, now);
        dataTracks.ReconcileSubscriber(receiver, now);
    }

    /// <summary>Tells a receiver whose signal connection was away what it may have missed.</summary>
    public void TellAgain(Participant receiver, Instant now)
    {
        dataTracks.TellHandles(receiver, now);
        subscriptions.TellAgain(receiver);
        newcomers.TellAgain(receiver);
    }
}
