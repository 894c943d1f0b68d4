using System.ComponentModel;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Http.Messages;

/// <summary>The body of <c>POST /v1/rooms</c>. Everything may be left out.</summary>
public sealed record CreateRoomRequest
{
    [Description("Name shown to people, 1 to 256 characters. It is not encrypted: servers can read it.")]
    public string? Name { get; init; }

    public RoomSettingsRequest? Settings { get; init; }

    [Description("Participants expected, so that a pod with room for them is chosen from the start.")]
    public int? ExpectedParticipants { get; init; }

    [Description("When the room ends, in milliseconds since 1970. Left out: 24 hours from now, or what the operator of the service chose.")]
    public long? ExpiresAt { get; init; }

    [Description("Regions in order of preference, for example eu-west-1. Left out: the nearest to the caller.")]
    public IReadOnlyList<string>? Regions { get; init; }
}

/// <summary>Settings as a caller gives them. What is left out keeps its value, or its default in a new room.</summary>
public sealed record RoomSettingsRequest
{
    [Description("Newcomers wait until a host or moderator lets them in. False by default.")]
    public bool? RequireApproval { get; init; }

    [Description("Participants may share their screen; hosts and moderators always may. True by default.")]
    public bool? AllowScreenShare { get; init; }

    [Description("Members may record on their own device. False by default.")]
    public bool? AllowRecording { get; init; }

    [Description("Nobody new may join. False by default.")]
    public bool? Locked { get; init; }

    [Description("Always true.")]
    public bool? E2eeRequired { get; init; }

    [Description("Most participants at once. 100 by default.")]
    public int? MaxParticipants { get; init; }
}

/// <summary>The body of <c>PATCH /v1/rooms/{id}</c>. What is left out stays as it is.</summary>
public sealed record UpdateRoomRequest
{
    [Description("Name shown to people. Hosts only.")]
    public string? Name { get; init; }

    [Description("Hosts and moderators; maxParticipants hosts only.")]
    public RoomSettingsRequest? Settings { get; init; }

    [Description("When the room ends, in milliseconds since 1970. Hosts only.")]
    public long? ExpiresAt { get; init; }
}

/// <summary>A room's settings.</summary>
public sealed record RoomSettingsResponse(bool RequireApproval, bool AllowScreenShare, bool AllowRecording, bool Locked, bool E2eeRequired)
{
    public static RoomSettingsResponse Of(RoomSettings settings) =>
        new(settings.RequireApproval, settings.AllowScreenShare, settings.AllowRecording, settings.Locked, E2eeRequired: true);
}

/// <summary>A room as its members see it. Times are milliseconds since 1970.</summary>
public sealed record RoomResponse
{
    public required string RoomId { get; init; }

    public string? Name { get; init; }

    [Description("pending, ready, migrating, recovering, quarantined or ended.")]
    public required string Phase { get; init; }

    [Description("The caller's role.")]
    public required Role Role { get; init; }

    [Description("The caller's id in this room.")]
    public required string ParticipantId { get; init; }

    public required int MaxParticipants { get; init; }

    public required RoomSettingsResponse Settings { get; init; }

    [Description("Participants now, as the operator last saw it.")]
    public required int Participants { get; init; }

    public required long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }

    [Description("What a LiveKit client connects to; missing until the room is placed.")]
    public string? SfuEndpoint { get; init; }

    [Description("The servers that serve the room; empty until it is placed.")]
    public required IReadOnlyList<RoomSeatResponse> Seats { get; init; }
}

/// <summary>One server that serves a room.</summary>
public sealed record RoomSeatResponse
{
    [Description("Region of the server.")]
    public required string Region { get; init; }

    [Description("origin, from which the others get the room, or edge.")]
    public required string Role { get; init; }

    [Description("Participants on this server now; missing while it is the only one.")]
    public int? Participants { get; init; }

    public static RoomSeatResponse Of(RoomAssignment assignment) => new()
    {
        Region = assignment.Region ?? string.Empty,
        Role = assignment.Role is AssignmentRole.Edge ? "edge" : "origin",
        Participants = assignment.Participants,
    };
}

/// <summary>The answer of <c>POST /v1/rooms</c>: the room, and the means to join it once it is placed.</summary>
public sealed record CreateRoomResponse
{
    public required string RoomId { get; init; }

    [Description("Token for a LiveKit client; missing while the room is not placed (202): then ask POST /v1/rooms/{id}/join.")]
    public string? JoinToken { get; init; }

    [Description("When the token ends, in milliseconds since 1970.")]
    public long? TokenExpiresAt { get; init; }

    [Description("What a LiveKit client connects to.")]
    public string? SfuEndpoint { get; init; }

    public required string ParticipantId { get; init; }

    public required Role Role { get; init; }

    public required Permissions Permissions { get; init; }

    public required RoomSettingsResponse Settings { get; init; }

    public required int MaxParticipants { get; init; }

    public required string Phase { get; init; }

    [Description("Why the room is not placed yet; missing when it is.")]
    public string? Message { get; init; }

    public required long CreatedAt { get; init; }

    public long? ExpiresAt { get; init; }
}

/// <summary>A page of rooms.</summary>
public sealed record RoomListResponse
{
    public required IReadOnlyList<RoomResponse> Rooms { get; init; }

    [Description("Give it as ?continue= to read on; missing on the last page.")]
    public string? Continue { get; init; }
}
