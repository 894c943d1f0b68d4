using System.ComponentModel;
using BuildIt.RoomApi.Moderation;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Http.Messages;

/// <summary>The body of <c>POST .../participants/{participantId}/role</c>.</summary>
public sealed record RoleRequest
{
    public Role? Role { get; init; }
}

/// <summary>What became of a participant.</summary>
public sealed record ParticipantResponse
{
    public required string RoomId { get; init; }

    public required string ParticipantId { get; init; }

    public required Role Role { get; init; }

    [Description("True when they may not come back.")]
    public required bool Revoked { get; init; }

    [Description("True when a node carried it out on a connected participant at once.")]
    public required bool Applied { get; init; }

    [Description("What is known of those who are connected: done, a node carried it out; none, they are not connected; unknown, a node did not answer in time and may have carried it out, or may yet.")]
    public required Effect Effect { get; init; }

    [Description("False when it counts from now on and is not written into the room yet, because the Kubernetes API does not take it: it is written as soon as that does, and is lost if Redis is lost before.")]
    public required bool Durable { get; init; }
}

/// <summary>The body of <c>POST .../participants/{participantId}/mute</c>; left out, everything is muted.</summary>
public sealed record MuteRequest
{
    [Description("Only this track.")]
    public string? TrackSid { get; init; }

    [Description("Only this source: camera, microphone, screen_share or screen_share_audio.")]
    public string? Source { get; init; }
}

/// <summary>What was muted.</summary>
public sealed record MuteResponse
{
    public required string RoomId { get; init; }

    public required string ParticipantId { get; init; }

    public required IReadOnlyList<string> MutedTracks { get; init; }

    [Description("Tracks whose node did not answer in time: they may be muted, or may yet be.")]
    public required IReadOnlyList<string> UnknownTracks { get; init; }
}

/// <summary>One region.</summary>
public sealed record RegionResponse
{
    public required string Id { get; init; }

    public string? Endpoint { get; init; }

    public string? Country { get; init; }

    public string? Continent { get; init; }

    [Description("Nearness to the caller: 100 the same country, 50 the same continent, else 10.")]
    public required int Score { get; init; }

    [Description("Share of capacity in use, 0 to 1.")]
    public required double Load { get; init; }

    [Description("False while it takes no rooms, or only when there is no other.")]
    public required bool Available { get; init; }
}

/// <summary>Regions, the best for the caller first.</summary>
public sealed record RegionListResponse
{
    public required IReadOnlyList<RegionResponse> Regions { get; init; }
}
