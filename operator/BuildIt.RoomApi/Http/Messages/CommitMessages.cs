using System.ComponentModel;

namespace BuildIt.RoomApi.Http.Messages;

/// <summary>The body of <c>POST /v1/rooms/{id}/mls/commits</c>.</summary>
public sealed record CommitRequest
{
    [Description("The log that the commit is meant for, as the last answer named it.")]
    public string? Incarnation { get; init; }

    [Description("The epoch that the commit ends; a group begins with 0.")]
    public long? Epoch { get; init; }

    [Description("The commit in base64, at most 128 KiB. The server does not look into it.")]
    public byte[]? Commit { get; init; }

    [Description("Group info of the epoch that begins, for those who come back by themselves (external commits), in base64, at most 512 KiB.")]
    public byte[]? GroupInfo { get; init; }
}

/// <summary>The body of <c>PUT /v1/rooms/{id}/mls/group-info</c>.</summary>
public sealed record GroupInfoRequest
{
    public string? Incarnation { get; init; }

    [Description("The epoch that lasts. 0 of a log without group info founds the group.")]
    public long? Epoch { get; init; }

    [Description("In base64, at most 512 KiB. The server does not look into it.")]
    public byte[]? GroupInfo { get; init; }
}

/// <summary>The body of <c>POST /v1/rooms/{id}/mls/restart</c>.</summary>
public sealed record RestartRequest
{
    [Description("The log that is to end.")]
    public string? Incarnation { get; init; }
}

/// <summary>A commit in its place.</summary>
public sealed record OrderedCommit
{
    public required long Epoch { get; init; }

    [Description("Who sent it.")]
    public required string ParticipantId { get; init; }

    [Description("When it was taken, in milliseconds since 1970.")]
    public required long At { get; init; }

    public required byte[] Commit { get; init; }
}

/// <summary>Where a room's log stands.</summary>
public record CommitLogResponse
{
    [Description("Names this log. Another name for the same room: it started anew, and a new group has to be formed.")]
    public required string Incarnation { get; init; }

    [Description("The lowest epoch whose commit is still kept.")]
    public required long FirstEpoch { get; init; }

    [Description("The epoch that lasts: the one that the next commit ends.")]
    public required long NextEpoch { get; init; }
}

/// <summary>Commits in order.</summary>
public sealed record CommitPageResponse : CommitLogResponse
{
    [Description("Some of those asked for; more are there while the last one's epoch is lower than nextEpoch - 1.")]
    public required IReadOnlyList<OrderedCommit> Commits { get; init; }
}

/// <summary>Group info of the epoch that lasts.</summary>
public sealed record GroupInfoResponse : CommitLogResponse
{
    [Description("Who gave it.")]
    public required string ParticipantId { get; init; }

    public required long At { get; init; }

    public required byte[] GroupInfo { get; init; }
}

/// <summary>A message that does not fit the log: a problem (RFC 9457) that says where the log stands.</summary>
public sealed record CommitProblem
{
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required string Incarnation { get; init; }

    public required long FirstEpoch { get; init; }

    public required long NextEpoch { get; init; }

    [Description("With mls-epoch-taken: the commit that was first.")]
    public OrderedCommit? Winner { get; init; }
}
