using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>
/// What a subscriber of several simulcast videos and a voice gets: fixed layers that the allocator chooses among. A change
/// of layer upward waits for the next key frame, half a second at most; downward at once (the lower layer's key frame is asked for).
/// </summary>
public sealed class LayeredSource(int videos, int seed) : IFrameSource
{
    private static readonly LayerRates Rates =
        LayerRates.Simulcast(DataRate.FromKilobits(150), DataRate.FromKilobits(500), DataRate.FromKilobits(1500));

    private readonly Random _random = new(seed);
    private readonly LayerAllocator _allocator = new();
    private readonly TrackDemand[] _tracks =
    [
        new() { IsAudio = true, AudioRate = DataRate.FromKilobits(32) },
        .. Enumerable.Range(0, videos).Select(i => new TrackDemand
        {
            Wanted = new LayerId(2, 0), Rates = Rates, AllowPause = true, TilePixels = videos - i, Current = LayerId.None,
        }),
    ];

    private readonly TrackAllocation[] _given = new TrackAllocation[videos + 1];

    public DataRate Wanted { get; private set; } = DataRate.FromMegabits(2);

    /// <summary>Spatial layers of the videos now; -1 for a paused one.</summary>
    public int[] Layers => [.. _given[1..].Select(track => track.Target.Spatial)];

    public int Changes { get; private set; }

    public int NextFrame(DataRate estimate, Instant now)
    {
        AllocationSummary summary = _allocator.Allocate(estimate, _tracks, _given);
        Wanted = summary.Desired;
        for (int i = 1; i < _tracks.Length; i++)
        {
            if (_tracks[i].Current != _given[i].Target)
            {
                _tracks[i].Current = _given[i].Target;
                Changes++;
            }
        }

        return (int)(summary.Allocated.BitsPerSecond / 8.0 / 30 * (0.85 + 0.3 * _random.NextDouble()));
    }
}
