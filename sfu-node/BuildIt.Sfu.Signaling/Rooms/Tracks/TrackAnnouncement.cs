using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Tracks;

/// <summary>Turns what a client announces into what other clients are told and what media expects. Pure.</summary>
internal static class TrackAnnouncement
{
    private static readonly string[] Rids = ["q", "h", "f"];

    public static TrackInfo MakeInfo(AddTrackRequest request, string sid, RoomOptions options)
    {
        var stereo = request.Stereo || request.AudioFeatures.Contains(AudioTrackFeature.TfStereo);
        var withoutDtx = request.DisableDtx || request.AudioFeatures.Contains(AudioTrackFeature.TfNoDtx);
        var info = new TrackInfo
        {
            Sid = sid,
            Type = request.Type,
            Name = request.Name,
            Muted = request.Muted,
            Width = request.Width,
            Height = request.Height,
            DisableDtx = withoutDtx,
            Source = request.Source,
            Stereo = stereo,
            DisableRed = request.DisableRed,
            Encryption = request.Encryption,
            Stream = request.Stream,
            BackupCodecPolicy = request.BackupCodecPolicy,
        };
        info.AudioFeatures.AddRange(KnownValues.Of(request.AudioFeatures));
        AddFeature(info, AudioTrackFeature.TfStereo, stereo && request.Type == TrackType.Audio);
        AddFeature(info, AudioTrackFeature.TfNoDtx, withoutDtx && request.Type == TrackType.Audio);
        info.PacketTrailerFeatures.AddRange(KnownValues.Of(request.PacketTrailerFeatures));
        if (request.Type == TrackType.Video)
        {
            AddCodecs(info, request, options);
            info.Layers.AddRange(WithRids(request.Layers, info.Codecs.Count > 0 ? info.Codecs[0].VideoLayerMode : default));
            info.Simulcast = request.Layers.Count > 1;
        }

        info.MimeType = info.Codecs.Count > 0 ? info.Codecs[0].MimeType : request.Type == TrackType.Audio ? "audio/opus" : "";
        return info;
    }

    public static PublishedTrack ToMedia(TrackInfo info, AddTrackRequest request, ParticipantSid publisher) => MediaConversion.ToMedia(
        info,
        publisher,
        [.. Encodings(info, request)],
        [.. info.Codecs.Where(codec => codec.Cid.Length == 0).Select(codec => CodecName(codec.MimeType))]);

    /// <summary>Encodings the client publishes now. A codec without a cid is one it publishes when it is asked to.</summary>
    private static IEnumerable<PublishedEncoding> Encodings(TrackInfo info, AddTrackRequest request)
    {
        var any = false;
        foreach (var codec in info.Codecs.Where(c => c.Cid.Length > 0))
        {
            any = true;
            yield return new PublishedEncoding(
                codec.Cid, CodecName(codec.MimeType), [.. (codec.Layers.Count > 0 ? codec.Layers : info.Layers).Select(MediaConversion.ToMedia)]);
        }

        if (!any)
        {
            yield return new PublishedEncoding(request.Cid, CodecName(info.Type == TrackType.Video ? info.MimeType : ""), [.. info.Layers.Select(MediaConversion.ToMedia)]);
        }
    }

    /// <summary>Adds a backup codec to a track that is published already.</summary>
    public static void AddBackupCodecs(TrackInfo info, AddTrackRequest request, RoomOptions options)
    {
        foreach (var codec in request.SimulcastCodecs)
        {
            if (MimeOf(codec.Codec, options) is not { } mime)
            {
                continue;
            }

            var entry = info.Codecs.FirstOrDefault(c => SameCodec(c.MimeType, mime));
            if (entry is null)
            {
                entry = new SimulcastCodecInfo { MimeType = mime };
                info.Codecs.Add(entry);
            }

            entry.Cid = codec.Cid.Length > 0 ? codec.Cid : request.Cid;
            entry.VideoLayerMode = LayerMode(codec.VideoLayerMode, mime);
            entry.Layers.Clear();
            entry.Layers.AddRange(WithRids(codec.Layers.Count > 0 ? codec.Layers : request.Layers, entry.VideoLayerMode));
        }
    }

    /// <summary>vp8 for video/VP8.</summary>
    public static string CodecName(string mime) => mime[(mime.IndexOf('/', StringComparison.Ordinal) + 1)..].ToLowerInvariant();

    private static void AddCodecs(TrackInfo info, AddTrackRequest request, RoomOptions options)
    {
        foreach (var codec in request.SimulcastCodecs)
        {
            var mime = MimeOf(codec.Codec, options);
            if (mime is null)
            {
                // A client follows the first codec it is told; a backup that is not allowed is left out.
                if (info.Codecs.Count > 0 || Substitute(options) is not { } substitute)
                {
                    continue;
                }

                mime = substitute;
            }

            if (info.Codecs.Any(c => SameCodec(c.MimeType, mime)))
            {
                continue;
            }

            var mode = LayerMode(codec.VideoLayerMode, mime);
            var entry = new SimulcastCodecInfo
            {
                MimeType = mime,
                Cid = info.Codecs.Count == 0 && codec.Cid.Length == 0 ? request.Cid : codec.Cid,
                VideoLayerMode = mode,
            };
            entry.Layers.AddRange(WithRids(codec.Layers.Count > 0 ? codec.Layers : request.Layers, mode));
            info.Codecs.Add(entry);
        }
    }

    /// <summary>The enabled MIME type of a codec that a client names as vp8, VP8 or video/VP8; null when it is not enabled.</summary>
    private static string? MimeOf(string codec, RoomOptions options)
    {
        var name = codec.Length == 0 ? "vp8" : CodecName(codec);
        return options.PublishCodecs.FirstOrDefault(m => m.StartsWith("video/", StringComparison.OrdinalIgnoreCase) && CodecName(m) == name);
    }

    private static string? Substitute(RoomOptions options) =>
        MimeOf("vp8", options) ?? options.PublishCodecs.FirstOrDefault(m => m.StartsWith("video/", StringComparison.OrdinalIgnoreCase));

    private static bool SameCodec(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static VideoLayer.Types.Mode LayerMode(VideoLayer.Types.Mode stated, string mime) =>
        stated != VideoLayer.Types.Mode.Unused ? stated
        : CodecName(mime) is "vp9" or "av1" ? VideoLayer.Types.Mode.MultipleSpatialLayersPerStream
        : VideoLayer.Types.Mode.OneSpatialLayerPerStream;

    /// <summary>Simulcast streams are named q, h, f from the lowest up, unless the client named them.</summary>
    private static IEnumerable<VideoLayer> WithRids(IReadOnlyList<VideoLayer> layers, VideoLayer.Types.Mode mode)
    {
        var ordered = layers.OrderBy(l => l.Quality).ToArray();
        for (var i = 0; i < ordered.Length; i++)
        {
            var layer = ordered[i].Clone();
            layer.SpatialLayer = i;
            if (layer.Rid.Length == 0 && ordered.Length > 1 && i < Rids.Length && mode != VideoLayer.Types.Mode.MultipleSpatialLayersPerStream)
            {
                layer.Rid = Rids[i];
            }

            yield return layer;
        }
    }

    private static void AddFeature(TrackInfo info, AudioTrackFeature feature, bool on)
    {
        if (on && !info.AudioFeatures.Contains(feature))
        {
            info.AudioFeatures.Add(feature);
        }
    }
}
