using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Protocol.Relay;
using BuildIt.Sfu.Signaling.Rooms.Base;
using TrackDemand = BuildIt.Sfu.Signaling.Protocol.Relay.TrackDemand;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>Between what media says of a link and the messages that carry it. What comes in is bounded here. Pure.</summary>
internal static class RelayConversion
{
    /// <summary>More encodings, codecs or layers than a track can have are not read.</summary>
    private const int MaxEncodings = 8;
    private const int MaxCodecs = 16;
    private const int MaxLayers = 8;

    public static TrackStreams ToMessage(RelayTrack track, TrackInfo info)
    {
        var message = new TrackStreams
        {
            TrackSid = track.Track.Sid.Value,
            ParticipantSid = track.Track.Publisher.Value,
            Info = info.Clone(),
            Muted = track.Muted,
        };
        message.BackupCodecs.AddRange(track.Track.BackupCodecs);
        message.Announced.AddRange(track.Track.Encodings.Select(ToMessage));
        message.Encodings.AddRange(track.Encodings.Select(ToMessage));
        return message;
    }

    /// <summary>Null when it cannot be of any track.</summary>
    public static RelayTrack? FromMessage(TrackStreams message)
    {
        if (message.Info is not { } info || message.TrackSid.Length == 0 || message.Info.Sid != message.TrackSid
            || message.Announced.Count is 0 or > MaxEncodings || message.Encodings.Count > MaxEncodings
            || message.BackupCodecs.Count > MaxEncodings
            || message.Announced.Any(encoding => encoding.Layers.Count > MaxLayers)
            || message.Encodings.Any(encoding => encoding.Codecs.Count > MaxCodecs || encoding.Streams.Count > MaxLayers))
        {
            return null;
        }

        var track = MediaConversion.ToMedia(
            info,
            new ParticipantSid(message.ParticipantSid),
            [.. message.Announced.Select(encoding => new PublishedEncoding(encoding.Cid, encoding.Codec, [.. encoding.Layers.Select(MediaConversion.ToMedia)]))],
            [.. message.BackupCodecs]);
        return new RelayTrack(track, message.Muted, [.. message.Encodings.Select(FromMessage)]);
    }

    public static TrackLayers ToMessage(TrackSid track, string cid, int available, in LayerRates rates)
    {
        var message = new TrackLayers { TrackSid = track.Value, Cid = cid, Available = (uint)available };
        var last = 0;
        for (var i = 0; i < LayerRates.SpatialLayers * LayerRates.TemporalLayers; i++)
        {
            var rate = rates.Get(IdOf(i)).BitsPerSecond;
            message.Rates.Add((ulong)Math.Max(0, rate));
            last = rate > 0 ? i + 1 : last;
        }

        while (message.Rates.Count > last)
        {
            message.Rates.RemoveAt(message.Rates.Count - 1);
        }

        return message;
    }

    public static LayerRates RatesOf(TrackLayers message)
    {
        var rates = default(LayerRates);
        for (var i = 0; i < Math.Min(message.Rates.Count, LayerRates.SpatialLayers * LayerRates.TemporalLayers); i++)
        {
            // More than any path carries is no rate.
            rates.Set(IdOf(i), new DataRate((long)Math.Min(message.Rates[i], 10_000_000_000)));
        }

        return rates;
    }

    public static TrackDemand ToMessage(TrackSid track, IReadOnlyList<RelayDemand> demand)
    {
        var message = new TrackDemand { TrackSid = track.Value };
        foreach (var one in demand)
        {
            var codec = new CodecDemand { Codec = one.Codec, Highest = (VideoQuality)one.Highest, Layers = (uint)one.Layers };
            codec.Watchers.AddRange(one.Watchers.Select(count => (uint)count));
            message.Codecs.Add(codec);
        }

        return message;
    }

    public static IReadOnlyList<RelayDemand> FromMessage(TrackDemand message) =>
    [
        .. message.Codecs.Take(MaxCodecs).Select(codec => new RelayDemand(
            codec.Codec,
            codec.Highest is >= VideoQuality.Low and <= VideoQuality.Off ? (VideoQualityLevel)codec.Highest : VideoQualityLevel.High,
            (int)(codec.Layers & ((1 << LayerRates.SpatialLayers) - 1)),
            [.. codec.Watchers.Take(LayerRates.SpatialLayers).Select(count => (int)Math.Min(count, 1_000_000))])),
    ];

    /// <summary>A time that another node names, whatever it names.</summary>
    public static DateTimeOffset TimeOf(long unixMilliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMilliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    private static LayerId IdOf(int place) => new(place / LayerRates.TemporalLayers, place % LayerRates.TemporalLayers);

    private static AnnouncedEncoding ToMessage(PublishedEncoding encoding)
    {
        var message = new AnnouncedEncoding { Cid = encoding.Cid, Codec = encoding.Codec };
        message.Layers.AddRange(encoding.Layers.Select(layer => new VideoLayer
        {
            Quality = (VideoQuality)layer.Quality,
            Width = (uint)layer.Width,
            Height = (uint)layer.Height,
            Bitrate = (uint)Math.Clamp(layer.Bitrate, 0, uint.MaxValue),
            Rid = layer.Rid,
        }));
        return message;
    }

    private static Protocol.Relay.Encoding ToMessage(RelayEncoding encoding)
    {
        var message = new Protocol.Relay.Encoding { Cid = encoding.Cid };
        message.Codecs.AddRange(encoding.Codecs.Select(codec => new EncodingCodec
        {
            Name = codec.Name,
            ClockRate = (uint)codec.ClockRate,
            Channels = (uint)codec.Channels,
        }));
        message.Streams.AddRange(encoding.Streams.Select(stream => new Protocol.Relay.Stream
        {
            Layer = stream.Layer,
            Source = stream.Source,
            RepairSource = stream.RepairSource,
        }));
        return message;
    }

    private static RelayEncoding FromMessage(Protocol.Relay.Encoding message) => new(
        message.Cid,
        [.. message.Codecs.Select(codec => new RelayCodec(codec.Name, (int)Math.Min(codec.ClockRate, int.MaxValue), (int)Math.Min(codec.Channels, 8)))],
        [.. message.Streams.Where(stream => stream.Layer is >= -1 and < MaxLayers).Select(stream => new RelayStream(stream.Layer, stream.Source, stream.RepairSource))]);
}
