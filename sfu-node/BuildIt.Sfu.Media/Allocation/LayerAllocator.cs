using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>
/// Divides a subscriber's bandwidth over its tracks: audio first and always; then the base layer of every visible video
/// in order of importance; then upward, one step for each track in turn, until nothing more fits.
/// Pure; the same input gives the same answer. No allocation after construction; not thread-safe.
/// </summary>
public sealed class LayerAllocator
{
    private const int MaxSteps = LayerRates.SpatialLayers * LayerRates.TemporalLayers;

    /// <summary>
    /// Room that must be left after a rise above what is forwarded now, as a part of the track's new rate. Layer rates
    /// vary by that much by themselves; without it a track would rise and fall with every sample.
    /// </summary>
    private const double RiseMargin = 0.15;

    private int[] _order = new int[16];
    private Ladder[] _ladders = new Ladder[16];

    /// <param name="available">The estimate for this subscriber.</param>
    /// <param name="tracks">All subscribed tracks.</param>
    /// <param name="allocations">Takes one answer for each track, in the same order; at least as long.</param>
    public AllocationSummary Allocate(DataRate available, ReadOnlySpan<TrackDemand> tracks, Span<TrackAllocation> allocations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(allocations.Length, tracks.Length);
        EnsureCapacity(tracks.Length);
        long left = available.BitsPerSecond;
        int videos = 0;
        for (int i = 0; i < tracks.Length; i++)
        {
            if (tracks[i].IsAudio)
            {
                left -= tracks[i].AudioRate.BitsPerSecond;
                allocations[i] = new TrackAllocation(LayerId.None, tracks[i].AudioRate, AllocationReason.Satisfied);
            }
            else
            {
                _ladders[i].Build(tracks[i]);
                Insert(tracks, i, videos++);
            }
        }

        ReadOnlySpan<int> order = _order.AsSpan(0, videos);
        GiveBase(tracks, order, ref left);
        GiveMore(tracks, order, ref left);
        return Report(tracks, allocations);
    }

    /// <summary>Insertion into the order of importance: few tracks, nearly sorted already, and stable.</summary>
    private void Insert(ReadOnlySpan<TrackDemand> tracks, int track, int count)
    {
        int at = count;
        while (at > 0 && IsMoreImportant(tracks[track], tracks[_order[at - 1]]))
        {
            _order[at] = _order[at - 1];
            at--;
        }

        _order[at] = track;
    }

    private static bool IsMoreImportant(in TrackDemand a, in TrackDemand b) =>
        a.Priority != b.Priority ? a.Priority > b.Priority
        : a.IsScreenShare != b.IsScreenShare ? a.IsScreenShare
        : a.TilePixels > b.TilePixels;

    private void GiveBase(ReadOnlySpan<TrackDemand> tracks, ReadOnlySpan<int> order, ref long left)
    {
        foreach (int track in order)
        {
            ref Ladder ladder = ref _ladders[track];
            if (ladder.Count == 0)
            {
                continue;
            }

            long cost = ladder.Cost(0);
            long margin = tracks[track].Current.IsNone ? (long)(cost * RiseMargin) : 0;
            if (cost + margin <= left || !tracks[track].AllowPause)
            {
                ladder.Position = 0;
                left -= cost;
            }
        }
    }

    private void GiveMore(ReadOnlySpan<TrackDemand> tracks, ReadOnlySpan<int> order, ref long left)
    {
        bool risen = true;
        while (risen)
        {
            risen = false;
            foreach (int track in order)
            {
                ref Ladder ladder = ref _ladders[track];
                int next = ladder.Position + 1;
                if (ladder.Position < 0 || next >= ladder.Count)
                {
                    continue;
                }

                long more = ladder.Cost(next) - ladder.Cost(ladder.Position);
                long margin = IsAbove(ladder.Layer(next), tracks[track].Current) ? MarginFor(tracks[track], ladder.Layer(next), ladder.Cost(next)) : 0;
                if (more + margin <= left)
                {
                    ladder.Position = next;
                    left -= more;
                    risen = true;
                }
            }
        }
    }

    /// <summary>What must be left over for a rise: more in a quiet moment, as the layer will soon cost what it usually does.</summary>
    private static long MarginFor(in TrackDemand track, LayerId layer, long cost) =>
        (long)(Math.Max(cost, track.UsualRates.Get(layer).BitsPerSecond) * (1 + RiseMargin)) - cost;

    private static bool IsAbove(LayerId layer, LayerId current) =>
        layer.Spatial > current.Spatial || (layer.Spatial == current.Spatial && layer.Temporal > current.Temporal);

    private AllocationSummary Report(ReadOnlySpan<TrackDemand> tracks, Span<TrackAllocation> allocations)
    {
        DataRate allocated = DataRate.Zero;
        DataRate desired = DataRate.Zero;
        DataRate lowest = DataRate.Zero;
        bool deficient = false;
        for (int i = 0; i < tracks.Length; i++)
        {
            if (tracks[i].IsAudio)
            {
                allocated += tracks[i].AudioRate;
                desired += tracks[i].AudioRate;
                lowest += tracks[i].AudioRate;
                continue;
            }

            ref Ladder ladder = ref _ladders[i];
            AllocationReason reason =
                tracks[i].Wanted.IsNone ? AllocationReason.NotWanted
                : ladder.Count == 0 ? AllocationReason.NothingSent
                : ladder.Position < 0 ? AllocationReason.Paused
                : ladder.Position < ladder.Count - 1 ? AllocationReason.LinkLimited
                : AllocationReason.Satisfied;
            LayerId target = ladder.Position < 0 ? LayerId.None : ladder.Layer(ladder.Position);
            DataRate rate = tracks[i].Rates.Get(target);
            allocations[i] = new TrackAllocation(target, rate, reason);
            allocated += rate;
            desired += ladder.Count == 0 ? DataRate.Zero : new DataRate(ladder.Cost(ladder.Count - 1));
            lowest += ladder.Count == 0 ? DataRate.Zero : new DataRate(ladder.Cost(0));
            deficient |= reason is AllocationReason.LinkLimited or AllocationReason.Paused;
        }

        return new AllocationSummary(allocated, desired, lowest, deficient);
    }

    private void EnsureCapacity(int tracks)
    {
        if (_order.Length < tracks)
        {
            int capacity = Math.Max(tracks, _order.Length * 2);
            Array.Resize(ref _order, capacity);
            Array.Resize(ref _ladders, capacity);
        }
    }

    /// <summary>The steps a track can climb, cheapest first, each better and dearer than the one before.</summary>
    private struct Ladder
    {
        private Steps _steps;

        public int Count { get; private set; }

        /// <summary>The step it stands on; -1 for none.</summary>
        public int Position { get; set; }

        public readonly LayerId Layer(int step) => _steps[step].Layer;

        public readonly long Cost(int step) => _steps[step].Cost;

        public void Build(in TrackDemand track)
        {
            Count = 0;
            Position = -1;
            if (track.Wanted.IsNone)
            {
                return;
            }

            // What is wanted may not be sent: then the lowest layer that is sent stands in for it, if all are above.
            int highest = HighestUseful(track);
            if (track.IsScreenShare)
            {
                // Text must be sharp before it moves smoothly.
                for (int spatial = 0; spatial < highest; spatial++)
                {
                    AddLowestTemporal(track, spatial);
                }
            }
            else
            {
                for (int spatial = 0; spatial < highest; spatial++)
                {
                    AddAllTemporal(track, spatial, LayerRates.TemporalLayers - 1);
                }
            }

            if (highest >= 0)
            {
                AddAllTemporal(track, highest, track.Wanted.Temporal);
            }
        }

        private static int HighestUseful(in TrackDemand track)
        {
            int highest = -1;
            for (int spatial = 0; spatial < LayerRates.SpatialLayers; spatial++)
            {
                if (IsSent(track, spatial) && (spatial <= track.Wanted.Spatial || highest < 0))
                {
                    highest = spatial;
                }
            }

            return highest;
        }

        private static bool IsSent(in TrackDemand track, int spatial)
        {
            for (int temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                if (track.Rates.Get(new LayerId(spatial, temporal)) > DataRate.Zero)
                {
                    return true;
                }
            }

            return false;
        }

        private void AddLowestTemporal(in TrackDemand track, int spatial)
        {
            for (int temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                if (Add(track, new LayerId(spatial, temporal)))
                {
                    return;
                }
            }
        }

        private void AddAllTemporal(in TrackDemand track, int spatial, int highest)
        {
            bool any = false;
            for (int temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                if (temporal <= highest || !any)
                {
                    any |= Add(track, new LayerId(spatial, temporal));
                }
            }
        }

        private bool Add(in TrackDemand track, LayerId layer)
        {
            long cost = track.Rates.Get(layer).BitsPerSecond;
            if (cost == 0)
            {
                return false;
            }

            // A worse layer that costs as much as a better one is no step.
            while (Count > 0 && _steps[Count - 1].Cost >= cost)
            {
                Count--;
            }

            _steps[Count++] = new Step(layer, cost);
            return true;
        }
    }

    private readonly record struct Step(LayerId Layer, long Cost);

    [System.Runtime.CompilerServices.InlineArray(MaxSteps)]
    private struct Steps
    {
        private Step _first;
    }
}
