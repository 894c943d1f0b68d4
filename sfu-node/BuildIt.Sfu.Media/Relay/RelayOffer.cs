using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>A track of this node that another node can have: what it was told of it, what it wants, and what crosses. Used on one loop.</summary>
internal sealed class RelayOffer(Publication publication, RelayDownstream downstream)
{
    private readonly Dictionary<string, OfferedEncoding> _encodings = new(StringComparer.Ordinal);
    private IReadOnlyList<RelayDemand> _demand = [];
    private bool _everWatched;

    public Publication Publication => publication;

    /// <summary>Looked through ten times a second, which is to allocate nothing.</summary>
    public Dictionary<string, OfferedEncoding>.ValueCollection Encodings => _encodings.Values;

    /// <summary>What the other node is to be told of it; null while nothing of it can be had.</summary>
    public RelayTrack? Describe()
    {
        foreach (var encoding in publication.Encodings)
        {
            if (encoding.Format is { } format && !_encodings.ContainsKey(encoding.Announced.Cid) && format.Codecs.Any(codec => RelayFormats.Knows(codec.Name)))
            {
                _encodings.Add(encoding.Announced.Cid, new OfferedEncoding(encoding, [.. MakePipes(encoding, format.IsSimulcast)]));
            }
        }

        return _encodings.Count == 0
            ? null
            : new RelayTrack(publication.Track, publication.Muted, [.. _encodings.Values.Select(offered => Describe(offered))]);
    }

    /// <summary>Takes what the other node wants; returns true when it is the first time that it wants anything.</summary>
    public bool SetDemand(IReadOnlyList<RelayDemand> demand, Instant now)
    {
        _demand = demand;
        foreach (var encoding in publication.Encodings)
        {
            encoding.Demand?.SetWanted(downstream.Id, Of(encoding.CodecName)?.Highest ?? VideoQualityLevel.Off, now);
        }

        foreach (var backup in publication.Backups)
        {
            backup.Demand.SetWanted(downstream.Id, Of(backup.Name)?.Highest ?? VideoQualityLevel.Off, now);
        }

        publication.Upstream.OnDemandChanged(now);
        var isFirst = !_everWatched && demand.Any(one => one.Layers != 0);
        _everWatched |= isFirst;
        return isFirst;
    }

    /// <summary>What is wanted of an encoding; null when nothing.</summary>
    public RelayDemand? Of(string codec)
    {
        for (var i = 0; i < _demand.Count; i++)
        {
            if (string.Equals(_demand[i].Codec, codec, StringComparison.OrdinalIgnoreCase))
            {
                return _demand[i];
            }
        }

        return null;
    }

    /// <summary>Nothing of it goes to the other node any more.</summary>
    public void End(Instant now)
    {
        foreach (var offered in _encodings.Values)
        {
            offered.Pipes.ForEach(pipe => pipe.End());
        }

        foreach (var encoding in publication.Encodings)
        {
            encoding.Demand?.Remove(downstream.Id, now);
        }

        publication.Backups.ForEach(backup => backup.Demand.Remove(downstream.Id, now));
        publication.Upstream.OnDemandChanged(now);
    }

    private static RelayEncoding Describe(OfferedEncoding offered)
    {
        var format = offered.Encoding.Format!;
        var current = offered.Encoding.Codec!;
        RelayCodec[] codecs =
        [
            .. format.Codecs.OrderBy(codec => codec != current)
                .Where(codec => RelayFormats.Knows(codec.Name))
                .DistinctBy(codec => codec.Name, StringComparer.OrdinalIgnoreCase)
                .Select(codec => new RelayCodec(codec.Name, codec.ClockRate, codec.Channels)),
        ];
        return new RelayEncoding(offered.Encoding.Announced.Cid, codecs, [.. offered.Pipes.Select(pipe => pipe.Stream)]);
    }

    private IEnumerable<LayerPipe> MakePipes(PublicationEncoding encoding, bool isSimulcast)
    {
        for (var layer = isSimulcast ? 0 : -1; layer < (isSimulcast ? LayerRates.SpatialLayers : 0); layer++)
        {
            var stream = new RelayStream(layer, downstream.NextSsrc(), publication.IsVideo ? downstream.NextSsrc() : 0);
            yield return new LayerPipe(downstream, encoding, stream, (ushort)(publication.Router.NextRandom() & 0x7FFF));
        }
    }
}

/// <summary>One encoding of an offered track.</summary>
internal sealed class OfferedEncoding(PublicationEncoding encoding, List<LayerPipe> pipes)
{
    /// <summary>Finer changes of what a layer costs are not worth a message.</summary>
    private const double RateStep = 0.15;

    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    // What the other node was told can be had; -1 before it was told anything.
    private int _told = -1;
    private LayerRates _toldRates;
    private Instant _toldAt = Instant.Zero;

    public PublicationEncoding Encoding => encoding;

    public List<LayerPipe> Pipes => pipes;

    public bool IsSimulcast => pipes.Count > 1;

    /// <summary>The highest layer that the link has room for; -1 for none.</summary>
    public int Cap { get; set; } = LayerRates.SpatialLayers - 1;

    /// <summary>Layers that come in now, a bit for each.</summary>
    /// <param name="rates">What its layers cost now.</param>
    public int Active(in LayerRates rates)
    {
        if (encoding.Told is { } told)
        {
            return told.Available;
        }

        var highest = IsSimulcast ? encoding.HighestActiveLayer() : HighestSpatial(rates);
        return highest < 0 ? 0 : (2 << highest) - 1;
    }

    /// <summary>Whether the other node is to be told; what it is told is remembered.</summary>
    /// <param name="available">Layers that can be had, a bit for each.</param>
    /// <param name="rates">What they cost.</param>
    /// <param name="isWatched">Somebody there watches it: to others it is all the same what it costs.</param>
    /// <param name="now">Now.</param>
    public bool TryTell(int available, in LayerRates rates, bool isWatched, Instant now)
    {
        if (available == _told && (!isWatched || now - _toldAt < TellInterval || !HasChanged(rates)))
        {
            return false;
        }

        _told = available;
        _toldRates = rates;
        _toldAt = now;
        return true;
    }

    private static int HighestSpatial(in LayerRates rates)
    {
        for (var spatial = LayerRates.SpatialLayers - 1; spatial > 0; spatial--)
        {
            for (var temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                if (rates.Get(new LayerId(spatial, temporal)) > rates.Get(new LayerId(spatial - 1, temporal)))
                {
                    return spatial;
                }
            }
        }

        return 0;
    }

    private bool HasChanged(in LayerRates rates)
    {
        for (var spatial = 0; spatial < LayerRates.SpatialLayers; spatial++)
        {
            for (var temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                var id = new LayerId(spatial, temporal);
                long now = rates.Get(id).BitsPerSecond;
                long then = _toldRates.Get(id).BitsPerSecond;
                if (Math.Abs(now - then) > Math.Max(now, then) * RateStep)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
