using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// Brings what crosses a link to what is wanted behind it and fits, and tells the other node what it can have. Used on one loop.
/// </summary>
internal sealed class RelayDivision
{
    private readonly RelayAllocator _allocator = new();
    private OfferedEncoding[] _encodings = new OfferedEncoding[16];
    private RelayedDemand[] _demands = new RelayedDemand[16];
    private int[] _wanted = new int[16];
    private int[] _caps = new int[16];
    private int _count;

    /// <summary>What is wanted, as of the last <see cref="Observe"/>.</summary>
    public LinkWish Wish { get; private set; }

    /// <summary>Looks at what is wanted now.</summary>
    public void Observe(Dictionary<TrackSid, RelayOffer>.ValueCollection offers, Instant now)
    {
        var count = 0;
        foreach (var offer in offers)
        {
            foreach (var offered in offer.Encodings)
            {
                EnsureRoom(count);
                var demand = offer.Of(offered.Encoding.CodecName);
                _encodings[count] = offered;
                _wanted[count] = demand?.Layers ?? 0;
                _demands[count++] = Demand(offer, offered, demand, now);
            }
        }

        _count = count;
        Wish = RelayAllocator.WishOf(_demands.AsSpan(0, count));
    }

    /// <summary>Brings what crosses to what was observed, as far as it fits.</summary>
    public AllocationSummary Divide(DataRate available, IRelayPeerEvents events, Instant now)
    {
        var summary = _allocator.Allocate(available, Wish, _demands.AsSpan(0, _count), _caps.AsSpan(0, _count));
        for (var i = 0; i < _count; i++)
        {
            Apply(i, events, now);
        }

        return summary;
    }

    private static RelayedDemand Demand(RelayOffer offer, OfferedEncoding offered, RelayDemand? demand, Instant now)
    {
        if (!offer.Publication.IsVideo)
        {
            return new RelayedDemand
            {
                IsAudio = true,
                AudioRate = demand is { Layers: not 0 } ? offered.Encoding.Incoming?.Layer(0)?.Rate(now) ?? DataRate.Zero : DataRate.Zero,
            };
        }

        // Whoever wants more than there is gets what there is.
        Span<int> watchers = stackalloc int[LayerRates.SpatialLayers];
        var rates = offered.Encoding.RatesAt(now);
        var active = offered.Active(rates);
        var highest = active == 0 ? 0 : System.Numerics.BitOperations.Log2((uint)active);
        for (var layer = 0; demand is not null && layer < Math.Min(watchers.Length, demand.Watchers.Count); layer++)
        {
            watchers[Math.Min(layer, highest)] += Math.Clamp(demand.Watchers[layer], 0, 1_000_000);
        }

        return new RelayedDemand
        {
            Low = watchers[0],
            Middle = watchers[1],
            High = watchers[2],
            Rates = rates,
            IsSimulcast = offered.IsSimulcast,
            IsScreenShare = offer.Publication.Track.Origin == TrackOrigin.ScreenShare,
            Cap = offered.Cap,
        };
    }

    private void Apply(int place, IRelayPeerEvents events, Instant now)
    {
        var offered = _encodings[place];
        var isWatched = _demands[place].IsAudio || _demands[place].Watchers > 0;

        // Of what nobody watches everything can be had, as far as anybody knows.
        offered.Cap = _demands[place].IsAudio || !isWatched ? LayerRates.SpatialLayers - 1 : _caps[place];
        var carried = (1 << (offered.Cap + 1)) - 1;
        var wanted = _wanted[place] & carried;
        foreach (var pipe in offered.Pipes)
        {
            var spatial = pipe.Layer >= 0
                ? (wanted >> pipe.Layer & 1) - 1
                : wanted == 0 ? -1 : System.Numerics.BitOperations.Log2((uint)wanted);
            pipe.SetTarget(spatial, now);
        }

        if (_demands[place].IsAudio)
        {
            return;
        }

        // What a layer costs at this moment is seen where it arrives.
        ref readonly var usual = ref offered.Encoding.UsualRates;
        var available = offered.Active(_demands[place].Rates) & carried;
        if (offered.TryTell(available, usual, isWatched, now))
        {
            events.OnLayers(offered.Encoding.Publication.Sid, offered.Encoding.Announced.Cid, available, usual, now);
        }
    }

    private void EnsureRoom(int count)
    {
        if (count == _demands.Length)
        {
            Array.Resize(ref _encodings, count * 2);
            Array.Resize(ref _demands, count * 2);
            Array.Resize(ref _wanted, count * 2);
            Array.Resize(ref _caps, count * 2);
        }
    }
}
