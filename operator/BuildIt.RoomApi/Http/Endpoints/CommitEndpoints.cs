using System.Globalization;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Http.Streams;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Telemetry;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>The order of the commits of a room's MLS group, and group info for those who come back.</summary>
public sealed class CommitEndpoints(
    RoomCalls calls, CommitLog log, CommitStream stream, RequestGate gate, RequestMemory memory, Pseudonyms names, RoomApiMetrics metrics)
{
    /// <summary>Messages of one member in a minute.</summary>
    private const int MemberLimit = 60;

    /// <summary>KiB from one address in an hour.</summary>
    private const int AddressLimit = 64 << 10;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/rooms/{id}/mls/commits", (Delegate)AppendAsync)
            .Guarded(
                GatePolicy.SignedOrToken,
                "postCommit",
                "Sends a commit: the first for each epoch wins, everybody else gets 409 with the winner. Sent again by its author it is answered as the first time.",
                CommitRules.MaxBody)
            .Takes<CommitRequest>(optional: false)
            .Gives<CommitLogResponse>(StatusCodes.Status201Created)
            .RefusesCommits(409)
            .AboutRoom();
        app.MapGet("/v1/rooms/{id}/mls/commits", (Delegate)ListAsync)
            .Guarded(GatePolicy.SignedOrToken, "listCommits", "Reads commits in order: ?after= the last epoch that is known; left out, from the first.")
            .Gives<CommitPageResponse>()
            .Refuses(400)
            .AboutRoom();
        app.MapGet("/v1/rooms/{id}/mls/commits/stream", (Delegate)StreamAsync)
            .Guarded(
                GatePolicy.SignedOrToken,
                "streamCommits",
                "Commits as they come, as Server-Sent Events: log (where the log stands), commit, mail (some has come for the caller), end (a problem). ?after= as above; the header Last-Event-ID outweighs it.")
            .Produces<string>(StatusCodes.Status200OK, EventWriter.MediaType)
            .Refuses(400)
            .AboutRoom();
        app.MapPut("/v1/rooms/{id}/mls/group-info", (Delegate)DescribeAsync)
            .Guarded(
                GatePolicy.SignedOrToken,
                "putGroupInfo",
                "Gives group info of the epoch that lasts, where the commit that began it did not. The first wins; of epoch 0 it founds the group.",
                CommitRules.MaxBody)
            .Takes<GroupInfoRequest>(optional: false)
            .Gives<CommitLogResponse>(StatusCodes.Status201Created)
            .RefusesCommits(409)
            .AboutRoom();
        app.MapGet("/v1/rooms/{id}/mls/group-info", (Delegate)InfoAsync)
            .Guarded(GatePolicy.SignedOrToken, "getGroupInfo", "Reads the group info of the epoch that lasts, to join by an external commit.")
            .Gives<GroupInfoResponse>()
            .AboutRoom();
        app.MapPost("/v1/rooms/{id}/mls/restart", (Delegate)RestartAsync)
            .Guarded(GatePolicy.SignedOrToken, "restartCommits", "Starts the log anew, so that a group that somebody has broken can be formed again. Hosts and moderators.")
            .Takes<RestartRequest>(optional: false)
            .Gives<CommitLogResponse>()
            .RefusesCommits(409)
            .AboutRoom();
    }

    private async Task<IResult> AppendAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var (incarnation, epoch, commit, info) = CommitRules.Check(context.ReadBody<CommitRequest>());
        await LimitAsync(context, call, commit.Length + info.Length);
        return Answered("commit", await log.AppendAsync(RoomCalls.LogOf(call.Room), incarnation, epoch, call.Me, commit, info, context.RequestAborted));
    }

    private async Task<IResult> DescribeAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var (incarnation, epoch, info) = CommitRules.Check(context.ReadBody<GroupInfoRequest>());
        await LimitAsync(context, call, info.Length);
        var answer = await log.DescribeAsync(RoomCalls.LogOf(call.Room), incarnation, epoch, call.Me, info, context.RequestAborted);

        // Whoever comes second reads it where everybody does.
        return Answered("group_info", answer with { Entry = null });
    }

    private async Task<IResult> ListAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var from = After(context) + 1;
        var page = await log.ReadAsync(RoomCalls.LogOf(call.Room), from, CommitLimits.MaxPage, context.RequestAborted);
        return from < page.Head.FirstEpoch ? throw CommitRules.EpochPassed(page.Head) : Answer(CommitRules.ToResponse(page));
    }

    private async Task StreamAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var after = After(context) is { } epoch ? new StreamCursor(null, epoch) : (StreamCursor?)null;
        var last = context.Request.Headers["Last-Event-ID"] is [{ } only] ? StreamCursor.Read(only) : null;
        await stream.RunAsync(context, call, last ?? after);
    }

    private async Task<IResult> InfoAsync(HttpContext context, string id)
    {
        var call = await calls.LoadAdmittedAsync(context, id);
        var (head, info) = await log.InfoAsync(RoomCalls.LogOf(call.Room), context.RequestAborted);
        return info is null
            ? throw CommitRules.NoGroupInfo(head)
            : Answer(new GroupInfoResponse
            {
                Incarnation = head.Incarnation,
                FirstEpoch = head.FirstEpoch,
                NextEpoch = head.NextEpoch,
                ParticipantId = info.Author.Text,
                At = info.At.ToUnixTimeMilliseconds(),
                GroupInfo = info.Message.ToArray(),
            });
    }

    private async Task<IResult> RestartAsync(HttpContext context, string id)
    {
        var call = (await calls.LoadAdmittedAsync(context, id)).RequireModerator();
        var incarnation = CommitRules.Check(context.ReadBody<RestartRequest>());
        await LimitAsync(context, call, 0);
        var answer = await log.RestartAsync(RoomCalls.LogOf(call.Room), incarnation, context.RequestAborted);
        return answer.Outcome == LogOutcome.First ? Answer(CommitRules.Where(answer.Head)) : throw CommitRules.Refusal(answer);
    }

    private IResult Answered(string message, LogAnswer answer)
    {
        metrics.Commits.WithLabels(message, answer.Outcome.ToString().ToLowerInvariant()).Inc();
        return answer.Outcome == LogOutcome.First
            ? Answer(CommitRules.Where(answer.Head), StatusCodes.Status201Created)
            : throw CommitRules.Refusal(answer);
    }

    private async Task LimitAsync(HttpContext context, RoomCall call, int bytes)
    {
        var member = names.For("rate-commits", System.Text.Encoding.ASCII.GetBytes(call.Id + call.Me.Text));
        if (await memory.CountAsync($"commits:{member}", MemberLimit, TimeSpan.FromMinutes(1), context.RequestAborted) is { } wait)
        {
            throw ApiProblem.TooMany("group messages of this member", wait);
        }

        await gate.LimitAddressAsync(
            call.Caller.Address,
            "commits-address",
            AddressLimit,
            TimeSpan.FromHours(1),
            "group messages from this address",
            context.RequestAborted,
            (bytes + 1023) / 1024);
    }

    private static long? After(HttpContext context) => context.Request.Query["after"] switch
    {
        { Count: 0 } => null,
        [{ } text] when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) && epoch <= CommitLimits.MaxEpoch => epoch,
        _ => throw ApiProblem.BadRequest($"after must be a whole number from 0 to {CommitLimits.MaxEpoch}."),
    };
}
