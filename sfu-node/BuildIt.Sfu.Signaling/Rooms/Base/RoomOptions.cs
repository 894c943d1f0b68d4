using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms.Base;

/// <summary>
/// How one room behaves. While it is open only <see cref="RoomCore.Reconfigure"/> changes it; <see cref="Metadata"/> is only
/// where it starts.
/// </summary>
public sealed record RoomOptions
{
    private static readonly string[] VideoCodecs = ["VP8", "VP9", "AV1", "H264"];

    public static readonly TimeSpan DefaultEmptyTimeout = TimeSpan.FromSeconds(300);

    public static readonly TimeSpan DefaultDepartureTimeout = TimeSpan.FromSeconds(20);

    public required string Name { get; init; }

    /// <summary>How long the room stays open while nobody has ever joined.</summary>
    public TimeSpan EmptyTimeout { get; init; } = DefaultEmptyTimeout;

    /// <summary>How long the room stays open after the last participant left.</summary>
    public TimeSpan DepartureTimeout { get; init; } = DefaultDepartureTimeout;

    /// <summary>False when somebody else ends the room; both timeouts are then only told to clients.</summary>
    public bool EndsWhenEmpty { get; init; } = true;

    /// <summary>True when another node served the room before, so that those who join at first had a session there.</summary>
    public bool TakenOver { get; init; }

    /// <summary>True when another node owns the room's state and feeds this one.</summary>
    public bool IsEdge { get; init; }

    /// <summary>The name of this node, by which others know whose members are whose.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>Which part of the room on this node it is: 0 is its home, and those on further loops are fed by that.</summary>
    public int Part { get; init; }

    /// <summary>By what the other parts of the room know this one; nothing outside of this process does.</summary>
    public string PartName => $"{NodeName}/{Part}";

    /// <summary>The session id that the room has on all its nodes; empty when this node makes one.</summary>
    public string Sid { get; init; } = "";

    /// <summary>Whether participants may publish their screen.</summary>
    public bool AllowScreenShare { get; init; } = true;

    /// <summary>0 means no limit. Agents and recorders do not count.</summary>
    public int MaxParticipants { get; init; }

    public string Metadata { get; init; } = "";

    /// <summary>Refuses tracks that are announced without end-to-end encryption, and codecs whose frames cannot be encrypted.</summary>
    public bool E2eeRequired { get; init; }

    /// <summary>Ends frames made by a server. Must stay the same when the room moves to another node.</summary>
    public ReadOnlyMemory<byte> SifTrailer { get; init; }

    /// <summary>MIME types clients may publish, video first.</summary>
    public IReadOnlyList<string> EnabledCodecs { get; init; } =
        ["video/VP8", "video/H264", "video/VP9", "video/AV1", "audio/opus", "audio/red"];

    /// <summary>Whether video may be paused for a subscriber whose link cannot carry it, when the client does not say.</summary>
    public bool AllowPause { get; init; } = true;

    /// <summary>Whether moderators may unmute.</summary>
    public bool EnableRemoteUnmute { get; init; }

    /// <summary>MIME types that can be published here, given <see cref="E2eeRequired"/>.</summary>
    internal IEnumerable<string> PublishCodecs => E2eeRequired ? EnabledCodecs.Where(CanBeEncrypted) : EnabledCodecs;

    /// <summary>Names of the video codecs that cannot be published here, as session descriptions have them.</summary>
    internal IEnumerable<string> RefusedVideoCodecs =>
        VideoCodecs.Where(codec => !PublishCodecs.Contains($"video/{codec}", StringComparer.OrdinalIgnoreCase));

    /// <summary>The same for a part of the room on a further loop.</summary>
    public RoomOptions ForPart(int part) => this with { Part = part, IsEdge = true, EndsWhenEmpty = false };

    /// <summary>Overlays what a token or an API request configures; zero and empty mean "not stated".</summary>
    public RoomOptions With(RoomConfiguration? configuration) => configuration is null ? this : this with
    {
        EmptyTimeout = configuration.EmptyTimeout > 0 ? TimeSpan.FromSeconds(configuration.EmptyTimeout) : EmptyTimeout,
        DepartureTimeout = configuration.DepartureTimeout > 0 ? TimeSpan.FromSeconds(configuration.DepartureTimeout) : DepartureTimeout,
        MaxParticipants = configuration.MaxParticipants > 0 ? (int)Math.Min(configuration.MaxParticipants, int.MaxValue) : MaxParticipants,
        Metadata = configuration.Metadata.Length > 0 ? configuration.Metadata : Metadata,
    };

    /// <summary>Version 1 of the frame format defines clear bytes for these only.</summary>
    private static bool CanBeEncrypted(string mime) =>
        mime.ToUpperInvariant() is "VIDEO/VP8" or "VIDEO/VP9" or "AUDIO/OPUS";
}
