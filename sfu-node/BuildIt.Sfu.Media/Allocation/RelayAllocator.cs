using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>One track as a link between nodes sees it.</summary>
public struct RelayedDemand
{
    /// <summary>Sound is never held back; only its rate is counted.</summary>
    public bool IsAudio;

    /// <summary>Audio only: its rate, zero when nobody hears it.</summary>
    public DataRate AudioRate;

    /// <summary>How many want each layer at most, by layer.</summary>
    public int Low;
    public int Middle;
    public int High;

    /// <summary>What each layer costs by itself, or with those below it when all come in one stream.</summary>
    public LayerRates Rates;

    /// <summary>True when layers come in streams of their own, so that several of them may cross at a time.</summary>
    public bool IsSimulcast;

    public bool IsScreenShare;

    /// <summary>The highest layer that was let across last; -1 for none. A rise above it needs room to spare.</summary>
    public int Cap;

    public readonly int WatchersOf(int layer) => layer switch { 0 => Low, 1 => Middle, _ => High };

    public readonly int Watchers => Low + Middle + High;
}

/// <summary>
/// Divides a link between two nodes over all that crosses it: sound first, then the lowest layer of each picture by how many watch it,
/// then upward. Unlike to a client, several layers of one picture may cross at once, each for those who watch it.
/// Pure; no allocation after construction; not thread-safe.
/// </summary>
public sealed class RelayAllocator
{
    /// <summary>Room that must be left after a rise, as a part of what it costs.</summary>
    internal const double RiseMargin = 0.15;

    private int[] _order = new int[16];

    /// <param name="available">What the link carries.</param>
    /// <param name="wish">What all tracks would cost, by <see cref="WishOf"/>.</param>
    /// <param name="tracks">All tracks that somebody behind the link wants.</param>
    /// <param name="caps">Takes for each track the highest layer that may cross, -1 for none.</param>
    /// <returns>What everything wanted would cost, and whether some of it does not fit.</returns>
    public AllocationSummary Allocate(DataRate available, in LinkWish wish, ReadOnlySpan<RelayedDemand> tracks, Span<int> caps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(caps.Length, tracks.Length);
        if (_order.Length < tracks.Length)
        {
            Array.Resize(ref _order, Math.Max(tracks.Length, _order.Length * 2));
        }

        var left = available.BitsPerSecond - wish.Sound.BitsPerSecond;
        var videos = 0;
        for (var i = 0; i < tracks.Length; i++)
        {
            caps[i] = -1;
            if (!tracks[i].IsAudio && tracks[i].Watchers > 0)
            {
                Insert(tracks, i, videos++);
            }
        }

        var spent = available.BitsPerSecond - left;
        var deficient = false;
        for (var layer = 0; layer < LayerRates.SpatialLayers; layer++)
        {
            foreach (var track in _order.AsSpan(0, videos))
            {
                // A layer of which nothing is needed above those that cross already costs nothing and is let across.
                if (caps[track] != layer - 1)
                {
                    continue;
                }

                var cost = CostUpTo(tracks[track], layer) - (layer == 0 ? 0 : CostUpTo(tracks[track], layer - 1));
                var margin = layer > tracks[track].Cap && cost > 0 ? (long)(cost * RiseMargin) : 0;
                if (cost + margin <= left)
                {
                    caps[track] = layer;
                    left -= cost;
                    spent += cost;
                }
                else
                {
                    deficient = true;
                }
            }
        }

        return new AllocationSummary(new DataRate(spent), wish.Wanted, wish.Base, deficient);
    }

    /// <summary>What all tracks would cost together.</summary>
    public static LinkWish WishOf(ReadOnlySpan<RelayedDemand> tracks)
    {
        long sound = 0;
        long lowest = 0;
        long desired = 0;
        foreach (ref readonly var track in tracks)
        {
            if (track.IsAudio)
            {
                sound += track.AudioRate.BitsPerSecond;
            }
            else if (track.Watchers > 0)
            {
                lowest += CostUpTo(track, 0);
                desired += CostUpTo(track, LayerRates.SpatialLayers - 1);
            }
        }

        return new LinkWish(new DataRate(sound), new DataRate(sound + lowest), new DataRate(sound + desired));
    }

    /// <summary>What crosses when nothing above a layer may: whoever wants more gets that one.</summary>
    private static long CostUpTo(in RelayedDemand track, int cap)
    {
        long cost = 0;
        for (var layer = 0; layer <= cap; layer++)
        {
            var watchers = track.WatchersOf(layer);
            for (var above = layer + 1; layer == cap && above < LayerRates.SpatialLayers; above++)
            {
                watchers += track.WatchersOf(above);
            }

            if (watchers > 0)
            {
                var rate = RateOf(track.Rates, layer);
                cost = track.IsSimulcast ? cost + rate : Math.Max(cost, rate);
            }
        }

        return cost;
    }

    private static long RateOf(in LayerRates rates, int spatial)
    {
        long rate = 0;
        for (var temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
        {
            rate = Math.Max(rate, rates.Get(new LayerId(spatial, temporal)).BitsPerSecond);
        }

        return rate;
    }

    private void Insert(ReadOnlySpan<RelayedDemand> tracks, int track, int count)
    {
        var at = count;
        while (at > 0 && IsMoreImportant(tracks[track], tracks[_order[at - 1]]))
        {
            _order[at] = _order[at - 1];
            at--;
        }

        _order[at] = track;
    }

    private static bool IsMoreImportant(in RelayedDemand a, in RelayedDemand b) =>
        a.IsScreenShare != b.IsScreenShare ? a.IsScreenShare : a.Watchers > b.Watchers;
}
