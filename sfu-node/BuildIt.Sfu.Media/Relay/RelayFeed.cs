using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// A track that comes from another node, and what is wanted of it here: by clients, and by nodes further on. What is wanted in addition
/// is told at once; what is not any more only after a while, as viewers come and go. Used on one loop.
/// </summary>
internal sealed class RelayFeed(Publication publication)
{
    /// <summary>How long a layer that nobody wants goes on crossing.</summary>
    private static readonly TimeSpan FallDelay = TimeSpan.FromSeconds(3);

    private readonly List<CodecDemand> _demands = [];
    private readonly Dictionary<string, IReadOnlyList<RelayStream>> _streams = new(StringComparer.Ordinal);

    public Publication Publication => publication;

    /// <summary>
    /// Takes the streams by which an encoding comes from now on; returns whether they are others than before. A node that was fed by this
    /// one for a while, and feeds it again, sends by new ones.
    /// </summary>
    public bool ComesBy(RelayEncoding encoding)
    {
        var others = !_streams.TryGetValue(encoding.Cid, out var known) || !known.SequenceEqual(encoding.Streams);
        _streams[encoding.Cid] = encoding.Streams;
        return others;
    }

    /// <summary>What is to be told, when it has changed since the last call; else null.</summary>
    public IReadOnlyList<RelayDemand>? TakeDemand(Instant now)
    {
        publication.TakeWantedQualities(now);
        var changed = false;
        foreach (var encoding in publication.Encodings)
        {
            changed |= encoding.Codec is not null && DemandFor(encoding.CodecName).Update(Wanted(encoding), now);
        }

        foreach (var backup in publication.Backups)
        {
            changed |= DemandFor(backup.Name).Update(new Sum { Highest = backup.Demand.Wanted }, now);
        }

        return changed ? [.. _demands.Select(demand => demand.Told)] : null;
    }

    /// <summary>Everything, for another end that knows nothing yet.</summary>
    public void Forget() => _demands.Clear();

    private CodecDemand DemandFor(string codec)
    {
        foreach (var known in _demands)
        {
            if (known.Codec == codec)
            {
                return known;
            }
        }

        var demand = new CodecDemand(codec);
        _demands.Add(demand);
        return demand;
    }

    private Sum Wanted(PublicationEncoding encoding)
    {
        var sum = new Sum { Highest = publication.IsVideo ? encoding.Demand?.Wanted ?? VideoQualityLevel.Off : VideoQualityLevel.Low };
        foreach (var subscription in encoding.Subscriptions)
        {
            if (!publication.IsVideo)
            {
                sum.Layers |= subscription.Settings.Disabled ? 0 : 1;
            }
            else if (!subscription.IsIdle && subscription.Down is { } down)
            {
                var desired = Math.Min(subscription.WantedLayer(), Math.Max(0, subscription.Allowed.Spatial));
                sum.CountWatcher(desired);
                if (down.TargetLayers.IsNone)
                {
                    continue;
                }

                sum.Layers |= encoding.Incoming!.IsSimulcast
                    ? Bit(Math.Min(down.TargetLayers.Spatial, down.HighestLayer)) | Bit(down.CurrentLayers.Spatial)
                    : Up(Math.Min(down.TargetLayers.Spatial, desired));
            }
        }

        foreach (var pipe in encoding.Pipes)
        {
            sum.Layers |= pipe.Needs & ((1 << LayerRates.SpatialLayers) - 1);
            if (publication.IsVideo)
            {
                sum.CountWatcher(Math.Clamp(pipe.Layer >= 0 ? pipe.Layer : pipe.Down!.TargetLayers.Spatial, 0, LayerRates.SpatialLayers - 1));
            }
        }

        return sum;

        static int Bit(int layer) => layer is >= 0 and < LayerRates.SpatialLayers ? 1 << layer : 0;

        static int Up(int layer) => layer < 0 ? 0 : (2 << Math.Min(layer, LayerRates.SpatialLayers - 1)) - 1;
    }

    private struct Sum
    {
        public VideoQualityLevel Highest;
        public int Layers;
        public int Low;
        public int Middle;
        public int High;

        public void CountWatcher(int layer)
        {
            switch (layer)
            {
                case <= 0:
                    Low++;
                    break;
                case 1:
                    Middle++;
                    break;
                default:
                    High++;
                    break;
            }
        }
    }

    private sealed class CodecDemand(string codec)
    {
        private Sum _told = new() { Highest = VideoQualityLevel.Off };
        private Instant _fallsAt = Instant.Never;

        public string Codec => codec;

        public RelayDemand Told => new(codec, _told.Highest, _told.Layers, [_told.Low, _told.Middle, _told.High]);

        public bool Update(in Sum wanted, Instant now)
        {
            var next = wanted;
            var falls = (_told.Layers & ~wanted.Layers) != 0;
            if (!falls)
            {
                _fallsAt = Instant.Never;
            }
            else if (_fallsAt == Instant.Never)
            {
                _fallsAt = now + FallDelay;
            }

            if (falls && now < _fallsAt)
            {
                next.Layers |= _told.Layers;
            }
            else
            {
                _fallsAt = Instant.Never;
            }

            var changed = next.Layers != _told.Layers || next.Highest != _told.Highest || next.Low != _told.Low || next.Middle != _told.Middle || next.High != _told.High;
            _told = next;
            return changed;
        }
    }
}
