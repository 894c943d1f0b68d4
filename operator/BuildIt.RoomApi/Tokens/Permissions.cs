using BuildIt.Operator.Api;

namespace BuildIt.RoomApi.Tokens;

/// <summary>What a participant may do, in the conference plan's words.</summary>
/// <param name="Publish">Send camera and microphone.</param>
/// <param name="Subscribe">Receive others.</param>
/// <param name="ScreenShare">Send the screen.</param>
/// <param name="Record">Record on their own device. Servers hold no media keys and cannot record.</param>
public sealed record Permissions(bool Publish, bool Subscribe, bool ScreenShare, bool Record)
{
    /// <summary>Permissions that a role has in a room with these settings. Hosts and moderators may always show their screen.</summary>
    public static Permissions Of(Role role, RoomSettings settings) => role switch
    {
        Role.Host or Role.Moderator => new(Publish: true, Subscribe: true, ScreenShare: true, Record: settings.AllowRecording),
        Role.Participant => new(Publish: true, Subscribe: true, ScreenShare: settings.AllowScreenShare, Record: settings.AllowRecording),
        _ => new(Publish: false, Subscribe: true, ScreenShare: false, Record: false),
    };

    /// <summary>
    /// The sources that may be published, in LiveKit's words; empty means all of them, and is only meaningful with
    /// <see cref="Publish"/>.
    /// </summary>
    public IReadOnlyList<string> PublishSources => Publish && !ScreenShare ? ["camera", "microphone"] : [];
}
