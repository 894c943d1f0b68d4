using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>One subscribed track as the allocator sees it.</summary>
public struct TrackDemand
{
    /// <summary>Audio is never held back; only its rate is counted.</summary>
    public bool IsAudio;

    /// <summary>Audio only: its rate.</summary>
    public DataRate AudioRate;

    /// <summary>Video: the most that the subscriber has use for at its tile's size; none when the tile is hidden.</summary>
    public LayerId Wanted;

    /// <summary>Larger goes first.</summary>
    public int Priority;

    /// <summary>Goes before cameras of the same priority, and sharpness before smoothness.</summary>
    public bool IsScreenShare;

    /// <summary>Tile size in pixels; larger goes first among equals.</summary>
    public int TilePixels;

    /// <summary>False keeps the base layer however little there is.</summary>
    public bool AllowPause;

    /// <summary>What each layer costs now.</summary>
    public LayerRates Rates;

    /// <summary>What each layer costs in the long run; a rise has to fit with that too. Zero when nothing is known of it.</summary>
    public LayerRates UsualRates;

    /// <summary>What is forwarded now: a track keeps it as long as it fits, and rises above it only with room to spare.</summary>
    public LayerId Current;
}

/// <summary>Why a track got what it got.</summary>
public enum AllocationReason : byte
{
    /// <summary>All that is wanted of it, or all there is.</summary>
    Satisfied,

    /// <summary>Less than wanted, because the subscriber's link carries no more.</summary>
    LinkLimited,

    /// <summary>Not even its base layer fits.</summary>
    Paused,

    /// <summary>Its tile is hidden or it was switched off.</summary>
    NotWanted,

    /// <summary>Its publisher sends no layer at present.</summary>
    NothingSent,
}

/// <summary>What to forward of one track.</summary>
/// <param name="Target">The layer; none for nothing. Audio has none and is forwarded always.</param>
/// <param name="Rate">What that costs.</param>
/// <param name="Reason">Why.</param>
public readonly record struct TrackAllocation(LayerId Target, DataRate Rate, AllocationReason Reason);

/// <summary>The outcome over all tracks.</summary>
/// <param name="Allocated">What the targets cost together.</param>
/// <param name="Desired">What everything wanted would cost: how far probing should go.</param>
/// <param name="Base">What sound and the lowest step of everything wanted cost.</param>
/// <param name="IsDeficient">Some track got less than it wants.</param>
public readonly record struct AllocationSummary(DataRate Allocated, DataRate Desired, DataRate Base, bool IsDeficient);
