using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>Bounds of a <see cref="BandwidthEstimator"/>.</summary>
public sealed record BandwidthEstimatorOptions
{
    public static BandwidthEstimatorOptions Default { get; } = new();

    /// <summary>Assumed before anything is known. A base layer and audio fit; the first probes go to three times this.</summary>
    public DataRate Start { get; init; } = DataRate.FromKilobits(600);

    /// <summary>Never less: audio must go on.</summary>
    public DataRate Min { get; init; } = DataRate.FromKilobits(40);

    public DataRate Max { get; init; } = DataRate.FromMegabits(100);

    /// <summary>Packets remembered for feedback; a power of two. 24 bytes each.</summary>
    public int History { get; init; } = 4096;
}
