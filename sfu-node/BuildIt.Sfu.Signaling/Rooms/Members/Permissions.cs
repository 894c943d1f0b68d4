using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Translates between what a token grants and what a participant may do.</summary>
internal static class Permissions
{
    public static ParticipantPermission FromGrant(VideoGrant grant)
    {
        var permission = new ParticipantPermission
        {
            CanSubscribe = grant.MaySubscribe,
            CanPublish = grant.MayPublish,
            CanPublishData = grant.MayPublishData,
            CanUpdateMetadata = grant.MayUpdateOwnMetadata,
            CanSubscribeMetrics = grant.CanSubscribeMetrics ?? false,
            CanManageAgentSession = grant.CanManageAgentSession ?? false,
            Hidden = grant.Hidden,
        };
        permission.Recorder = grant.Recorder;
        permission.Agent = grant.Agent;
        permission.CanPublishSources.AddRange(grant.CanPublishSources.Select(ParseSource).OfType<TrackSource>());
        return permission;
    }

    /// <summary>The grant a refreshed token has to carry.</summary>
    public static VideoGrant ToGrant(ParticipantPermission permission, VideoGrant original) => original with
    {
        CanSubscribe = permission.CanSubscribe,
        CanPublish = permission.CanPublish,
        CanPublishData = permission.CanPublishData,
        CanUpdateOwnMetadata = permission.CanUpdateMetadata,
        CanSubscribeMetrics = permission.CanSubscribeMetrics,
        CanManageAgentSession = permission.CanManageAgentSession,
        CanPublishSources = [.. permission.CanPublishSources.Select(NameSource)],
        Hidden = permission.Hidden,
    };

    public static bool MayPublish(ParticipantPermission permission, TrackSource source) =>
        permission.CanPublish && (permission.CanPublishSources.Count == 0 || permission.CanPublishSources.Contains(source));

    private static TrackSource? ParseSource(string name) => name.ToLowerInvariant() switch
    {
        "camera" => TrackSource.Camera,
        "microphone" => TrackSource.Microphone,
        "screen_share" => TrackSource.ScreenShare,
        "screen_share_audio" => TrackSource.ScreenShareAudio,
        "unknown" => TrackSource.Unknown,
        _ => null,
    };

    private static string NameSource(TrackSource source) => source switch
    {
        TrackSource.Camera => "camera",
        TrackSource.Microphone => "microphone",
        TrackSource.ScreenShare => "screen_share",
        TrackSource.ScreenShareAudio => "screen_share_audio",
        _ => "unknown",
    };
}
