using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Registry.Commits;

namespace BuildIt.RoomApi.Http;

/// <summary>What may be sent to a room's log, and how it is answered. Pure.</summary>
internal static class CommitRules
{
    /// <summary>The largest body: commit and group info in base64, and what stands around them.</summary>
    public const int MaxBody = ((CommitLimits.MaxCommit + CommitLimits.MaxGroupInfo) / 3 * 4) + 1024;

    private const int IncarnationLength = 32;

    /// <exception cref="ApiProblem">Something is wrong; all of it is named.</exception>
    public static (string Incarnation, long Epoch, byte[] Commit, byte[] GroupInfo) Check(CommitRequest request)
    {
        var faults = new List<string>();
        CheckPlace(request.Incarnation, request.Epoch, faults);
        CheckSize("commit", request.Commit, CommitLimits.MaxCommit, faults);
        if (request.GroupInfo is not null)
        {
            CheckSize("groupInfo", request.GroupInfo, CommitLimits.MaxGroupInfo, faults);
        }

        Throw(faults);
        return (request.Incarnation!, request.Epoch!.Value, request.Commit!, request.GroupInfo ?? []);
    }

    /// <inheritdoc cref="Check(CommitRequest)"/>
    public static (string Incarnation, long Epoch, byte[] GroupInfo) Check(GroupInfoRequest request)
    {
        var faults = new List<string>();
        CheckPlace(request.Incarnation, request.Epoch, faults);
        CheckSize("groupInfo", request.GroupInfo, CommitLimits.MaxGroupInfo, faults);
        Throw(faults);
        return (request.Incarnation!, request.Epoch!.Value, request.GroupInfo!);
    }

    /// <inheritdoc cref="Check(CommitRequest)"/>
    public static string Check(RestartRequest request)
    {
        var faults = new List<string>();
        CheckPlace(request.Incarnation, 0, faults);
        Throw(faults);
        return request.Incarnation!;
    }

    /// <summary>A page of the log as it is sent.</summary>
    public static CommitPageResponse ToResponse(LogPage page) => new()
    {
        Incarnation = page.Head.Incarnation,
        FirstEpoch = page.Head.FirstEpoch,
        NextEpoch = page.Head.NextEpoch,
        Commits = [.. page.Commits.Select(Ordered)],
    };

    public static CommitLogResponse Where(LogHead head) => new()
    {
        Incarnation = head.Incarnation,
        FirstEpoch = head.FirstEpoch,
        NextEpoch = head.NextEpoch,
    };

    /// <summary>The refusal of a message that did not become the first for its epoch.</summary>
    public static ApiProblem Refusal(LogAnswer answer) => answer.Outcome switch
    {
        LogOutcome.Taken => Problem(
            409, "mls-epoch-taken", "Another member was first for this epoch: process what they sent, then make yours anew if it is still needed.", answer),
        LogOutcome.Restarted => Problem(
            409, "mls-log-restarted", "The log started anew, because it was lost or a moderator wanted it: leave the old group, and form or join the one of this incarnation.", answer),
        LogOutcome.Ahead => Problem(
            409, "mls-epoch-ahead", "This epoch has not begun: nextEpoch is the one that lasts. If you are past it, your group is not the one of this log.", answer),
        LogOutcome.Passed => EpochPassed(answer.Head),
        _ => new ApiProblem(
            StatusCodes.Status503ServiceUnavailable, "mls-memory-full", "Members of all rooms have left as much as is kept: ask again later.")
        {
            RetryAfter = TimeSpan.FromSeconds(10),
            Extensions = Standing(answer.Head, null),
        },
    };

    public static ApiProblem EpochPassed(LogHead head) => new(
        StatusCodes.Status410Gone, "mls-epoch-passed", "This epoch is over, and its commit is not kept: get group info and join anew (an external commit).")
    {
        Extensions = Standing(head, null),
    };

    public static ApiProblem NoGroupInfo(LogHead head) => new(
        StatusCodes.Status404NotFound,
        "mls-no-group-info",
        "Nobody has given group info of this epoch. While nextEpoch is 0 there is no group: whoever puts theirs first founds it. Later, wait for a welcome.")
    {
        Extensions = Standing(head, null),
    };

    private static ApiProblem Problem(int status, string type, string detail, LogAnswer answer) =>
        new(status, type, detail) { Extensions = Standing(answer.Head, answer.Entry) };

    private static Dictionary<string, object?> Standing(LogHead head, LogEntry? winner)
    {
        var members = new Dictionary<string, object?>
        {
            ["incarnation"] = head.Incarnation,
            ["firstEpoch"] = head.FirstEpoch,
            ["nextEpoch"] = head.NextEpoch,
        };
        if (winner is not null)
        {
            members["winner"] = Ordered(winner);
        }

        return members;
    }

    public static OrderedCommit Ordered(LogEntry entry) => new()
    {
        Epoch = entry.Epoch,
        ParticipantId = entry.Author.Text,
        At = entry.At.ToUnixTimeMilliseconds(),
        Commit = entry.Message.ToArray(),
    };

    private static void CheckPlace(string? incarnation, long? epoch, List<string> faults)
    {
        if (incarnation is not { Length: IncarnationLength })
        {
            faults.Add("incarnation must be what GET .../mls/commits named.");
        }

        if (epoch is not (>= 0 and <= CommitLimits.MaxEpoch))
        {
            faults.Add($"epoch must be from 0 to {CommitLimits.MaxEpoch}.");
        }
    }

    private static void CheckSize(string name, byte[]? bytes, int most, List<string> faults)
    {
        if (bytes is null || bytes.Length == 0 || bytes.Length > most)
        {
            faults.Add($"{name} must have 1 to {most} bytes.");
        }
    }

    private static void Throw(List<string> faults)
    {
        if (faults.Count > 0)
        {
            throw ApiProblem.BadRequest(string.Join(' ', faults));
        }
    }
}
