using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Somebody who is in the room: connected to this node, or to another that serves the room too.</summary>
internal abstract class Member
{
    public abstract ParticipantSid Sid { get; }

    public abstract string Identity { get; }

    /// <summary>The member as others see it. The result is shared between messages and must not be changed.</summary>
    public abstract ParticipantInfo Snapshot { get; }

    /// <summary>Bytes of <see cref="Snapshot"/>.</summary>
    public abstract int SnapshotSize { get; }

    public abstract bool Hidden { get; }

    public abstract bool IsPublisher { get; }

    /// <summary>Agents and recorders do not take a place in a room with a limit.</summary>
    public abstract bool CountsAsParticipant { get; }

    public abstract bool IsRecorder { get; }

    /// <summary>By sid.</summary>
    public Dictionary<string, Track> Tracks { get; } = new(StringComparer.Ordinal);

    /// <summary>Who may subscribe to this member; null means everybody.</summary>
    public SubscriptionAccess? Access { get; set; }

    /// <summary>The data tracks it publishes.</summary>
    public abstract IEnumerable<DataTrack> PublishedData { get; }

    /// <summary>Tells the member itself, if it is connected here.</summary>
    public abstract void Send(OutboundSignal message);

    /// <summary>Must follow every change that others see of a member that is here.</summary>
    public abstract void Changed();
}
