using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Http.Streams;

/// <summary>
/// A room's commits as they come, as Server-Sent Events: <c>log</c> says where the log stands, first of all and whenever that is not
/// what the reader expects; <c>commit</c> is one commit; <c>mail</c> says that mail has come for the reader; <c>end</c> says why there will be no more. Ends with the room, with the right to be
/// in it, and after an hour like a join token.
/// </summary>
public sealed class CommitStream(RoomFeeds feeds, RoomCalls calls, CommitLog log, StreamSeats seats, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Longest silence.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // A page is kept as long as a reader takes for it.
    private const int PageSize = 16;
    private const int PageBytes = 32 << 10;

    /// <summary>Streams until it is over or the reader goes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="call">Whose it is.</param>
    /// <param name="seen">The last event that the reader has; null for all that are kept.</param>
    /// <exception cref="ApiProblem">There are too many streams.</exception>
    public async Task RunAsync(HttpContext context, RoomCall call, StreamCursor? seen)
    {
        using var seat = seats.Enter(call.Caller.Address);
        var feed = feeds.Enter(call);
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            await StreamAsync(feed, call, seen, new EventWriter(context, time, ending.Token), ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone or is too slow, or this replica stops: they ask another one, and name the last event.
        }
        finally
        {
            feeds.Leave(feed, call.Me);
        }
    }

    private async Task StreamAsync(RoomFeed feed, RoomCall call, StreamCursor? seen, EventWriter events, CancellationToken cancellation)
    {
        var ends = (call.Caller.Token?.IssuedAt ?? time.GetUtcNow()) + JoinTokens.Lifetime;
        var putOut = feed.Current.State.Out.GetValueOrDefault(call.Me);
        var mail = feed.Current.State.Mail.GetValueOrDefault(call.Me);
        await events.OpenAsync();
        LogHead? told = null;
        LogHead? followed = null;
        long next = 0;
        while (time.GetUtcNow() < ends)
        {
            var (state, changed) = feed.Current;
            if (await WhyOverAsync(feed, call, putOut, cancellation) is { } over)
            {
                await events.SendAsync("end", ProblemJson.Of(over));
                return;
            }

            if (state.Mail.GetValueOrDefault(call.Me) is var delivered && delivered > mail)
            {
                mail = delivered;
                await events.SendAsync("mail", new { });
            }

            if (state is { Head: { } head, Room: { } room } && (followed != head || next < head.NextEpoch))
            {
                var from = told is null ? FirstWanted(seen, head) : told.Value.Incarnation == head.Incarnation ? next : 0;
                var page = await ReadAsync(room, from, cancellation);
                if (page?.Head.Incarnation == head.Incarnation)
                {
                    next = await SendAsync(events, page, told, from);
                    (told, followed) = (page.Head, head);
                    continue;
                }

                // Redis is away, or the log started anew in this moment: the feed learns it.
                feed.Wake(room: false);
            }

            await WaitAsync(events, changed, cancellation);
        }
    }

    /// <summary>The next commits; null while Redis is away.</summary>
    private async Task<LogPage?> ReadAsync(ConferenceRoom room, long from, CancellationToken cancellation)
    {
        try
        {
            return await log.ReadAsync(RoomCalls.LogOf(room), from, PageSize, cancellation, PageBytes);
        }
        catch (RegistryUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Sends a page, after where the log stands if that is news.</summary>
    /// <returns>The epoch to go on with.</returns>
    private static async Task<long> SendAsync(EventWriter events, LogPage page, LogHead? told, long from)
    {
        var head = page.Head;
        if (told?.Incarnation != head.Incarnation || from < head.FirstEpoch)
        {
            await events.SendAsync("log", CommitRules.Where(head));
        }

        var next = Math.Max(from, head.FirstEpoch);
        foreach (var commit in page.Commits)
        {
            await events.SendAsync("commit", CommitRules.Ordered(commit), new StreamCursor(head.Incarnation, commit.Epoch).ToString());
            next = commit.Epoch + 1;
        }

        return next;
    }

    private static long FirstWanted(StreamCursor? seen, LogHead head) => seen is { } last && (last.Incarnation is null || last.Incarnation == head.Incarnation)
        ? last.Epoch + 1
        : head.FirstEpoch;

    private async Task WaitAsync(EventWriter events, Task changed, CancellationToken cancellation)
    {
        try
        {
            var silence = events.Silence;
            await changed.WaitAsync(silence < Heartbeat ? Heartbeat - silence : TimeSpan.Zero, time, cancellation);
        }
        catch (TimeoutException)
        {
            await events.BeatAsync();
        }
    }

    /// <summary>Why the caller has no part in the room any more; null while they have, as far as is known.</summary>
    private async Task<ApiProblem?> WhyOverAsync(RoomFeed feed, RoomCall call, int putOut, CancellationToken cancellation)
    {
        var state = feed.Current.State;
        if (state.Out.GetValueOrDefault(call.Me) > putOut)
        {
            return ApiProblem.Forbidden("revoked", "You were removed from this room.");
        }

        if (WhyOver(call, state.Room) is null)
        {
            return null;
        }

        // What the feed has may be older than what let this reader in.
        try
        {
            var room = await calls.FindAsync(call.Id, cancellation);
            feed.SetRoom(room);
            return WhyOver(call, room);
        }
        catch (KubernetesUnavailableException)
        {
            return null;
        }
    }

    private ApiProblem? WhyOver(RoomCall call, ConferenceRoom? room)
    {
        if (room is null)
        {
            return ApiProblem.Gone();
        }

        try
        {
            calls.StandingOf(room, call.Caller, call.Me);
            return null;
        }
        catch (ApiProblem problem)
        {
            return problem;
        }
    }
}

/// <summary>Where a reader is: a commit, and the log it stands in; null when the reader did not say which.</summary>
public readonly record struct StreamCursor(string? Incarnation, long Epoch)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Incarnation}.{Epoch}");

    /// <summary>Reads what <see cref="ToString"/> wrote. Null for anything else, which is then sent from the start.</summary>
    public static StreamCursor? Read(string? text) =>
        text?.Split('.') is [{ Length: > 0 } incarnation, var epoch]
        && long.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= CommitLimits.MaxEpoch
            ? new StreamCursor(incarnation, number)
            : null;
}
