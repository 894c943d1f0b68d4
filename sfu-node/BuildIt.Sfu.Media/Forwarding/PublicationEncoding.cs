using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>How an encoding comes in, whoever sends it and however that was agreed.</summary>
internal sealed record IncomingFormat
{
    public required bool IsVideo { get; init; }

    /// <summary>What the sender may change between; it begins with the first. At least one.</summary>
    public required IReadOnlyList<NegotiatedCodec> Codecs { get; init; }

    /// <summary>True when there are several streams, one for each layer.</summary>
    public required bool IsSimulcast { get; init; }

    /// <summary>Names of the streams (RFC 8851) in the sender's order; empty where they have none.</summary>
    public IReadOnlyList<string> Rids { get; init; } = [];
}

/// <summary>One encoding (codec) of a published track: announced by signalling, negotiated by SDP, then receiving. Used on one loop.</summary>
internal sealed class PublicationEncoding(Publication publication, PublishedEncoding announced, long order)
{
    /// <summary>A second of Opus; video keeps as much as its rate asks for.</summary>
    private const int AudioHistoryBytes = 32 * 1024;

    private const int VideoHistoryBytes = 2 * 1024 * 1024;

    /// <summary>A client changes its codec when who watches, or its own power, changes.</summary>
    private const double CodecChangesPerSecond = 0.2;

    private const double CodecChangeBurst = 5;

    private static readonly TimeSpan MeasuringInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Memory of <see cref="UsualRates"/>.</summary>
    private static readonly TimeSpan Averaging = TimeSpan.FromSeconds(4);

    /// <summary>Until then they are what is measured.</summary>
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(5);

    /// <summary>A layer that is this far behind the newest packet of its track is not being sent any more: all show the same frames.</summary>
    private static readonly TimeSpan LayerSilence = TimeSpan.FromMilliseconds(500);

    private static readonly string[] KnownRids = ["q", "h", "f"];

    // Asked for each subscriber several times a second: an array is walked without allocating.
    private readonly PublishedLayer[] _layers = [.. announced.Layers];
    private TokenBucket _codecChanges = new(CodecChangesPerSecond, CodecChangeBurst);
    private ExtensionMap? _extensions;
    private string? _codecName;
    private LayerRates _rates;
    private LayerRates _usualRates;
    private Instant _measuredAt = Instant.Never;
    private Instant _startedAt = Instant.Never;

    public Publication Publication { get; } = publication;

    public PublishedEncoding Announced { get; } = announced;

    /// <summary>Its place among all that the publisher has announced.</summary>
    public long Order { get; } = order;

    /// <summary>Null until negotiated.</summary>
    public IncomingFormat? Format { get; private set; }

    /// <summary>The codec the publisher sends; null until negotiated.</summary>
    public NegotiatedCodec? Codec { get; private set; }

    public CodecKind CodecKind { get; private set; }

    /// <summary>Null until negotiated.</summary>
    public IncomingTrack? Incoming { get; private set; }

    /// <summary>Up to which quality somebody watches; null for audio and before negotiation.</summary>
    public Dynacast? Demand { get; private set; }

    /// <summary>Counts at the last quality score, to judge what came since.</summary>
    public (long Expected, long Lost) Scored { get; set; }

    /// <summary>Those who receive this encoding.</summary>
    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>What goes to other nodes of it.</summary>
    public List<LayerPipe> Pipes { get; } = [];

    /// <summary>What the node that it comes from says of its layers; null where it comes from a client.</summary>
    public ToldLayers? Told { get; set; }

    public string MimeType => Codec?.MimeType(Format!.IsVideo ? Sdp.MediaKind.Video : Sdp.MediaKind.Audio) ?? "";

    /// <summary>Lower-case codec name as the protocol has it ("vp8").</summary>
    public string CodecName => _codecName ?? Announced.Codec;

    /// <summary>What forwarding each layer costs, as measured within the last moments: every subscriber asks several times a second.</summary>
    public ref readonly LayerRates RatesAt(Instant now)
    {
        if (_measuredAt == Instant.Never || now - _measuredAt >= MeasuringInterval)
        {
            Measure(now);
            _measuredAt = now;
        }

        return ref _rates;
    }

    /// <summary>The same, averaged over some seconds: a quiet moment of a picture is over soon.</summary>
    public ref readonly LayerRates UsualRates => ref _usualRates;

    public void Start(IncomingFormat format, ExtensionMap extensions, Instant now)
    {
        if (Publication.IsVideo)
        {
            Demand = new Dynacast(now);

            // Nobody may ever subscribe: the grace time has to run from now.
            Demand.Remove(default, now);
        }

        // What came of the stream before is of another source.
        Publication.Router.Batch.Flush(now);
        Format = format;
        _extensions = extensions;
        Use(format.Codecs[0]);
    }

    /// <summary>Whether somebody gets this layer, or waits for a key frame of it.</summary>
    public bool IsUsed(int layer) =>
        Subscriptions.Exists(subscription => subscription.Down!.Uses(layer)) || Pipes.Exists(pipe => pipe.Uses(layer));

    /// <summary>The highest simulcast layer that can be had now; -1 when none can.</summary>
    public int HighestActiveLayer()
    {
        if (Told is { } told)
        {
            return told.Highest;
        }

        var newest = Instant.Zero;
        foreach (var layer in Incoming!.Layers)
        {
            newest = Instant.Max(newest, layer?.LastArrival ?? Instant.Zero);
        }

        for (var i = IncomingTrack.MaxLayers - 1; i >= 0; i--)
        {
            if (Incoming.Layer(i) is { } layer && newest - layer.LastArrival < LayerSilence)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>
    /// A client may change to another negotiated codec, and the stream goes on in it. Only its newest packet says so: one that comes late,
    /// twice or is played back by somebody else is of a time before. And not too often, as a change costs its subscribers key frames.
    /// </summary>
    public void FollowCodec(in RtpPacketView packet, int layer, Instant now)
    {
        if (packet.PayloadType == Codec!.PayloadType || !Incoming!.IsNewest(packet, layer, now))
        {
            return;
        }

        foreach (var codec in Format!.Codecs)
        {
            if (codec.PayloadType == packet.PayloadType)
            {
                if (!_codecChanges.TryTake(1, now))
                {
                    Publication.Upstream.OnCodecChangeRefused(now);
                    return;
                }

                Publication.Router.Batch.Flush(now);
                Use(codec);
                Publication.OnFormatChanged(this, now);
                return;
            }
        }
    }

    /// <summary>Layer index, 0 the lowest, of a rid: as announced, else by the usual names, else by the order of the description.</summary>
    public int LayerOfRid(string rid)
    {
        foreach (var layer in _layers)
        {
            if (layer.Rid == rid)
            {
                return RankOf(layer);
            }
        }

        var known = Array.IndexOf(KnownRids, rid);
        var order = Format!.Rids.ToList().IndexOf(rid);
        return Math.Clamp(known >= 0 ? known : order, 0, IncomingTrack.MaxLayers - 1);
    }

    /// <summary>Layer index that a quality means: the highest announced one that is not above it.</summary>
    public int LayerOfQuality(VideoQualityLevel quality)
    {
        var best = 0;
        foreach (var layer in _layers)
        {
            if (layer.Quality != VideoQualityLevel.Off && layer.Quality <= quality)
            {
                best = Math.Max(best, RankOf(layer));
            }
        }

        return _layers.Length == 0 ? (int)quality : best;
    }

    /// <summary>The lowest quality whose picture fills a tile of that size; the highest when none does.</summary>
    public VideoQualityLevel QualityForSize(int width, int height)
    {
        // A portrait picture in a landscape tile and the other way round: compare by the shorter sides.
        var wanted = Math.Min(width, height);
        var best = VideoQualityLevel.High;
        foreach (var layer in _layers)
        {
            if (layer.Quality < best && Math.Min(layer.Width, layer.Height) >= wanted && layer.Height > 0)
            {
                best = layer.Quality;
            }
        }

        return best;
    }

    private int RankOf(PublishedLayer layer)
    {
        var rank = 0;
        foreach (var other in _layers)
        {
            rank += other.Quality < layer.Quality ? 1 : 0;
        }

        return rank;
    }

    private void Measure(Instant now)
    {
        // A stream begins with a key frame, which says nothing of what it will cost.
        _startedAt = Instant.Min(_startedAt, now);
        var weight = now - _startedAt < Beginning ? 1 : 1 - Math.Exp((_measuredAt - now) / Averaging);
        for (var spatial = 0; spatial < LayerRates.SpatialLayers; spatial++)
        {
            var layer = Incoming!.IsSimulcast ? Incoming.Layer(spatial) : Incoming.Layer(0);
            for (var temporal = 0; temporal < LayerRates.TemporalLayers; temporal++)
            {
                // Each simulcast stream is whole by itself; a scalable stream's layers build on those below.
                var rate = layer?.RateUpTo(Incoming.IsSimulcast ? 0 : spatial, temporal, now) ?? DataRate.Zero;
                var id = new LayerId(spatial, temporal);
                rate = Told?.RateOf(id, rate) ?? rate;
                _rates.Set(id, rate);
                _usualRates.Set(id, rate * weight + _usualRates.Get(id) * (1 - weight));
            }
        }
    }

    private void Use(NegotiatedCodec codec)
    {
        Codec = codec;
        _codecName = codec.Name.ToLowerInvariant();
        (_measuredAt, _startedAt) = (Instant.Never, Instant.Never);
        CodecKind = CodecKinds.FromEncodingName(codec.Name);
        Incoming = new IncomingTrack(
            new IncomingTrackOptions
            {
                Codec = CodecKind,
                ClockRate = codec.ClockRate,
                PayloadType = codec.PayloadType,
                RtxPayloadType = codec.RtxPayloadType,
                Nack = codec.Nack,
                HistoryBytes = Format!.IsVideo ? VideoHistoryBytes : AudioHistoryBytes,
            },
            _extensions!,
            Incoming)
        {
            IsSimulcast = Format.IsSimulcast,
        };
    }
}

/// <summary>
/// What the node that an encoding comes from says of its layers: those that nobody here watches do not come, and yet what they would
/// cost has to be known before somebody may watch them.
/// </summary>
internal sealed class ToldLayers
{
    private LayerRates _rates;

    /// <summary>The highest layer that can be had; -1 when none can.</summary>
    public int Highest { get; private set; } = IncomingLayers - 1;

    /// <summary>Layers that are sent at the other end and that the path carries, a bit for each.</summary>
    public int Available { get; private set; } = (1 << IncomingLayers) - 1;

    private const int IncomingLayers = LayerRates.SpatialLayers;

    public void Tell(int available, in LayerRates rates)
    {
        Available = available;
        Highest = available == 0 ? -1 : System.Numerics.BitOperations.Log2((uint)available);
        _rates = rates;
    }

    /// <summary>What a layer costs: nothing when it cannot be had, else what was measured here or told, whichever is more.</summary>
    public DataRate RateOf(LayerId layer, DataRate measured) =>
        (Available & (1 << layer.Spatial)) == 0 ? DataRate.Zero : DataRate.Max(measured, _rates.Get(layer));
}
