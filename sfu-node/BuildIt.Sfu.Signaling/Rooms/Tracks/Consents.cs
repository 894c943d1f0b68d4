using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>What publishers say of who may receive them. Used on the room's loop.</summary>
internal sealed class Consents(RelayNews relayNews, PublisherSweeps sweeps)
{
    /// <summary>A participant says who may receive which of its tracks, here and at other nodes.</summary>
    public void Give(Participant publisher, SubscriptionPermission permission, Instant now)
    {
        publisher.Access = SubscriptionAccess.From(permission);
        publisher.SaidAccess = publisher.Access is null ? null : permission;
        relayNews.MemberChanged(publisher, atOnce: false, now);
        sweeps.Start(publisher, now);
    }
}
