using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Limits;

/// <summary>What one client may ask of a room. Requests beyond are refused or ignored, never queued without bound.</summary>
public sealed record ClientLimits
{
    public static readonly ClientLimits Default = new();

    /// <summary>Tracks announced but not yet negotiated.</summary>
    public int PendingTracks { get; init; } = 20;

    /// <summary>Announcements waiting for an older track of the same cid to end.</summary>
    public int QueuedPerCid { get; init; } = 3;

    /// <summary>Tracks announced and published together.</summary>
    public int Tracks { get; init; } = 100;

    /// <summary>Tracks a subscriber may have said anything about.</summary>
    public int Subscriptions { get; init; } = 10_000;

    /// <summary>Entries in all lists of one request.</summary>
    public int RequestEntries { get; init; } = 10_000;

    /// <summary>Entries of a subscription_permission.</summary>
    public int SubscriptionPermissions { get; init; } = 10_000;

    public int DataTracks { get; init; } = 100;

    /// <summary>What others are told of all tracks and data tracks of one participant, in bytes.</summary>
    public int AnnouncedBytes { get; init; } = 128 * 1024;

    /// <summary>What a newcomer is told of all participants of a room, in bytes, beside a small share of each.</summary>
    public int RoomNewsBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>What may be said of a participant in any room.</summary>
    public int ParticipantShareBytes { get; init; } = 16 * 1024;

    /// <summary>Identities and sids one data message may name.</summary>
    public int Destinations { get; init; } = 1_000;

    /// <summary>Layers and codecs in one announcement.</summary>
    public int EncodingsPerTrack { get; init; } = 8;

    /// <summary>Own metadata updates per second, with a burst of ten.</summary>
    public int MetadataUpdatesPerSecond { get; init; } = 5;

    /// <summary>
    /// What own metadata updates come to per second at each other participant, which gets name, metadata and attributes whole;
    /// with a burst of two of the largest. As much again for other changes that are told at once.
    /// </summary>
    public int MetadataBytesPerSecond { get; init; } = 128 * 1024;

    /// <summary>Changes of one participant that everybody is told of at once, per second; others wait for the next batch.</summary>
    public int NewsPerSecond { get; init; } = 5;

    /// <summary>Changes that may be told at once together, such as the tracks of somebody who begins.</summary>
    public int NewsBurst { get; init; } = 50;

    /// <summary>
    /// Data messages from one publisher per second, with a burst of one second. This and the following for reliable messages, which wait
    /// when it is used up, and as much again for others, which are dropped.
    /// </summary>
    public int DataMessagesPerSecond { get; init; } = 2_000;

    /// <summary>Data of one publisher, with a burst of one second.</summary>
    public DataRate DataRate { get; init; } = DataRate.FromMegabits(40);

    /// <summary>Data messages from one publisher per second, counted at each receiver, with a burst of one second.</summary>
    public int DataDeliveriesPerSecond { get; init; } = 20_000;

    /// <summary>Data of one publisher, counted at each receiver, with a burst of one second.</summary>
    public DataRate DataDeliveryRate { get; init; } = DataRate.FromMegabits(200);

    /// <summary>Reliable data kept per publisher for those who resume.</summary>
    public int ReplayBytes { get; init; } = 100_000;

    /// <summary>The same in messages.</summary>
    public int ReplayMessages { get; init; } = 1_000;

    public TimeSpan ReplayAge { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Largest data message forwarded.</summary>
    public int DataMessageBytes { get; init; } = 65_535;
}
