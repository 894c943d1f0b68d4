using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Everything one participant has said, or the node decided, about receiving one track.</summary>
internal sealed class SubscriptionState
{
    /// <summary>What the client asked for; null leaves it to auto-subscribe.</summary>
    public bool? Asked { get; set; }

    public SubscriptionSettings Settings { get; set; } = new();

    /// <summary>Whether the client has been told that the publisher denies it.</summary>
    public bool Denied { get; set; }

    /// <summary>Whether media has paused it for want of bandwidth.</summary>
    public bool Paused { get; set; }

    /// <summary>When to report a track asked for that does not exist.</summary>
    public Instant NotFoundAt { get; set; } = Instant.Never;
}
