using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms.Tracks;

namespace BuildIt.Sfu.Media.Rooms.Connections;

/// <summary>What a client is sent: its subscriptions share what its link carries. Used on one loop.</summary>
internal sealed class SubscriberMedia(PeerConnection connection, MediaRoom room) : OutgoingMedia(connection, room)
{
    private readonly List<Subscription> _subscriptions = [];
    private readonly SubscriberAllocation _allocation = new();

    /// <summary>Those that are sent now.</summary>
    public IReadOnlyList<Subscription> Subscriptions => _subscriptions;

    public void Add(Subscription subscription)
    {
        _subscriptions.Add(subscription);
        base.Add(subscription);
    }

    public void Remove(Subscription subscription)
    {
        _subscriptions.Remove(subscription);
        base.Remove(subscription);
    }

    /// <summary>Divides the link's rate over the tracks.</summary>
    public void Allocate(bool allowPause, Instant now)
    {
        if (_subscriptions.Count > 0)
        {
            Link.SetWanted(_allocation.Update(_subscriptions, Link.Available(HasTransportFeedback), allowPause, now));
        }
    }
}
