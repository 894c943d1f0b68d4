using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>What a subscriber wants of one track (UpdateTrackSettings of the protocol).</summary>
public readonly record struct SubscriptionSettings
{
    public SubscriptionSettings()
    {
    }

    /// <summary>True pauses forwarding: the tile is hidden.</summary>
    public bool Disabled { get; init; }

    /// <summary>Highest quality wanted when no size is given.</summary>
    public VideoQualityLevel Quality { get; init; } = VideoQualityLevel.High;

    /// <summary>Size of the tile in pixels; 0 when the client does not adapt by size.</summary>
    public int Width { get; init; }

    public int Height { get; init; }

    /// <summary>Larger is more important when the link cannot carry everything; 0 is the default.</summary>
    public int Priority { get; init; }
}
