using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Base;

/// <summary>From what members are told of tracks to what media is told of them, wherever they are published. Pure.</summary>
internal static class MediaConversion
{
    public static PublishedTrack ToMedia(
        TrackInfo info, ParticipantSid publisher, IReadOnlyList<PublishedEncoding> encodings, IReadOnlyList<string> backupCodecs) => new()
        {
            Sid = new TrackSid(info.Sid),
            Publisher = publisher,
            Kind = info.Type == TrackType.Audio ? TrackKind.Audio : TrackKind.Video,
            Origin = info.Source is >= TrackSource.Unknown and <= TrackSource.ScreenShareAudio ? (TrackOrigin)info.Source : TrackOrigin.Unknown,
            Encodings = encodings,
            BackupCodecs = backupCodecs,
            Muted = info.Muted,
            Stereo = info.Stereo,
            DisableDtx = info.DisableDtx,
            DisableRed = info.DisableRed,
            Encrypted = info.Encryption != Encryption.Types.Type.None,
            Stream = info.Stream,
        };

    public static PublishedLayer ToMedia(VideoLayer layer) => new(
        layer.Quality is >= VideoQuality.Low and <= VideoQuality.High ? (VideoQualityLevel)layer.Quality : VideoQualityLevel.High,
        (int)Math.Min(layer.Width, ushort.MaxValue),
        (int)Math.Min(layer.Height, ushort.MaxValue),
        layer.Bitrate,
        layer.Rid);
}
