using System.ComponentModel;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Http.Messages;

/// <summary>The body of <c>POST /v1/rooms/{id}/join</c> and <c>/refresh</c>; it may be left out.</summary>
public sealed record JoinRequest
{
    [Description("Region to connect through, if the room is there. Left out: the nearest.")]
    public string? Region { get; init; }
}

/// <summary>What somebody needs to join.</summary>
public sealed record JoinResponse
{
    public required string RoomId { get; init; }

    [Description("The identity that others see. It means nothing outside this room.")]
    public required string ParticipantId { get; init; }

    public required Role Role { get; init; }

    public required Permissions Permissions { get; init; }

    public required string JoinToken { get; init; }

    [Description("When the token ends, in milliseconds since 1970.")]
    public required long TokenExpiresAt { get; init; }

    public required string SfuEndpoint { get; init; }

    public required RoomSettingsResponse Settings { get; init; }
}

/// <summary>The body of <c>POST /v1/rooms/{id}/knock</c>; it may be left out.</summary>
public sealed record KnockRequest
{
    [Description("Up to 1024 characters for those who let people in. Encrypt it for them: servers can read what is not.")]
    public string? Note { get; init; }
}

/// <summary>Where the caller stands at the door.</summary>
public sealed record KnockResponse
{
    public required string RoomId { get; init; }

    public required string ParticipantId { get; init; }

    [Description("waiting: knock again in a few seconds. approved: join. denied: you were turned away.")]
    public required KnockState State { get; init; }
}

/// <summary>Somebody who waits.</summary>
public sealed record WaitingParticipant
{
    public required string ParticipantId { get; init; }

    [Description("Milliseconds since 1970.")]
    public required long Since { get; init; }

    public string? Note { get; init; }
}

/// <summary>Those who wait, longest first.</summary>
public sealed record WaitingListResponse
{
    public required IReadOnlyList<WaitingParticipant> Waiting { get; init; }
}

/// <summary>The body of <c>POST /v1/rooms/{id}/waiting/{participantId}/approve</c>; it may be left out.</summary>
public sealed record ApproveRequest
{
    [Description("participant (by default) or viewer; a host may also give moderator.")]
    public Role? Role { get; init; }
}
