using System.Diagnostics;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Joins;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// <c>/rtc</c> and <c>/rtc/v1</c>: a client joins. Everything that can fail does so before the upgrade, as an HTTP status a client
/// can read; <c>/validate</c> repeats those checks for browsers, which cannot see the status of a failed WebSocket.
/// </summary>
public sealed class RtcEndpoint(
    TokenVerifier tokens,
    IRoomRouter router,
    IPartPlacement parts,
    IJoinGate gate,
    INodeProxy proxy,
    LiveKitOptions options,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    LimitCounters limited,
    ILogger<SignalConnection> log)
{
    /// <summary>
    /// How long a client waits here while the node of its room does not answer: about as long as it takes to find that a node is
    /// dead and to place its rooms again. Rust clients give up after 5 s.
    /// </summary>
    private static readonly TimeSpan OwnerPatience = TimeSpan.FromSeconds(4);

    /// <summary>A node that starts again answers at its old address.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    private readonly JoinReader _reader = new(tokens);

    public async Task JoinAsync(HttpContext context, bool version1)
    {
        if (Read(context, version1, out var attempt) is { } refused)
        {
            await RefuseAsync(context, refused).ConfigureAwait(false);
            return;
        }

        attempt = attempt with { Parameters = attempt.Parameters with { Arrival = NodeProxy.ArrivedIn(context) } };
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await RefuseAsync(context, new JoinError(StatusCodes.Status400BadRequest, "websocket upgrade required")).ConfigureAwait(false);
            return;
        }

        var span = JoinSpan.Start(attempt, time.GetUtcNow());
        try
        {
            await AdmitAsync(context, attempt, span).ConfigureAwait(false);
        }
        finally
        {
            span.Finish(context);
        }
    }

    private async Task AdmitAsync(HttpContext context, JoinAttempt attempt, Activity? span)
    {
        // A room can end between being found and being joined; it is opened anew then.
        var since = time.GetTimestamp();
        var ownerMissed = false;
        for (var attempts = 0; ; attempts++)
        {
            var intent = attempt.Parameters.Reconnect ? RouteIntent.Resume
                : attempt.Claims.Video.RoomCreate ? RouteIntent.JoinOrCreate
                : RouteIntent.Join;
            var route = await router.RouteAsync(attempt.Room, intent, attempt.Claims.RoomConfig, context.RequestAborted).ConfigureAwait(false);
            if (await gate.CheckAsync(attempt, context.RequestAborted).ConfigureAwait(false) is { } barred)
            {
                await RefuseAsync(context, barred).ConfigureAwait(false);
                return;
            }

            if (route is RoomLocation.Local { Host: var host } && await SessionElsewhereAsync(host, attempt).ConfigureAwait(false) is { } owner)
            {
                // Whoever resumes comes back to the node that has the session, wherever it arrives.
                span.PassOn();
                if (await proxy.ForwardAsync(context, owner, cancel => router.MovedAsync(attempt.Room, owner, cancel), span).ConfigureAwait(false))
                {
                    return;
                }
            }

            if (route is RoomLocation.Remote remote)
            {
                span.PassOn();
                if (await proxy.ForwardAsync(context, remote.Node, Moved, span).ConfigureAwait(false))
                {
                    return;
                }

                // Refusing at once would send the client into longer and longer pauses, while its room is being placed again.
                ownerMissed = true;
                if (await WaitAsync(Moved).ConfigureAwait(false))
                {
                    continue;
                }

                route = new RoomLocation.Unavailable();
                Task Moved(CancellationToken cancel) => router.MovedAsync(attempt.Room, remote.Node, cancel);
            }

            if (route is RoomLocation.Unavailable && ownerMissed && await WaitAsync(cancel => Task.Delay(AskAgain, time, cancel)).ConfigureAwait(false))
            {
                continue;
            }

            if (route is not RoomLocation.Local local)
            {
                await RefuseAsync(context, ErrorOf(route)!).ConfigureAwait(false);
                return;
            }

            span.Found(local.Traceparent);
            using var connection = new SignalConnection(time, limited, log) { Span = span };
            var part = await parts.PlaceAsync(local.Host, attempt, context.RequestAborted).ConfigureAwait(false);
            var joined = await part.InvokeAsync((room, now) => room.Join(attempt, connection, now)).ConfigureAwait(false);
            if (joined.Error == JoinError.Unavailable && attempts == 0)
            {
                continue;
            }

            if (joined.Error is { } error)
            {
                await RefuseAsync(context, error).ConfigureAwait(false);
                return;
            }

            span?.AddEvent(new ActivityEvent("in the room"));
            if (attempt.Parameters.Reconnect)
            {
                // Its media never went, or comes back without being told of.
                span?.Stop();
            }

            await ServeAsync(context, connection, part, joined).ConfigureAwait(false);
            return;
        }

        // False when the client has waited long enough.
        async Task<bool> WaitAsync(Func<CancellationToken, Task> change)
        {
            if (time.GetElapsedTime(since) > OwnerPatience || context.Request.Headers.ContainsKey(NodeProxy.ForwardedHeader))
            {
                return false;
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            limit.CancelAfter(AskAgain);
            await Task.WhenAny(change(limit.Token)).ConfigureAwait(false);
            return !context.RequestAborted.IsCancellationRequested;
        }
    }

    private async ValueTask<Uri?> SessionElsewhereAsync(RoomHost host, JoinAttempt attempt) =>
        attempt.Parameters is { Reconnect: true, ParticipantSid: { Length: > 0 } sid }
            && await host.InvokeAsync((room, _) => room.NodeOfSession(sid)).ConfigureAwait(false) is { } node
            ? await router.SeatAsync(attempt.Room, node).ConfigureAwait(false)
            : null;

    public async Task ValidateAsync(HttpContext context, bool version1)
    {
        var error = Read(context, version1, out var attempt);
        if (error is null)
        {
            var route = await router.RouteAsync(attempt.Room, RouteIntent.Find, null, context.RequestAborted).ConfigureAwait(false);

            // A room that joining would open counts as there, but only a join opens it.
            error = route switch
            {
                RoomLocation.NotFound when options.AutoCreate => options.AcceptsNewRooms() ? null : JoinError.NodeFull,
                RoomLocation.NotFound when options.AutoCreateByGrant && attempt.Claims.Video.RoomCreate => null,
                _ => ErrorOf(route),
            };
            error ??= await gate.CheckAsync(attempt, context.RequestAborted).ConfigureAwait(false);
            if (error is null && route is RoomLocation.Remote remote)
            {
                if (await proxy.ForwardAsync(context, remote.Node, cancel => router.MovedAsync(attempt.Room, remote.Node, cancel)).ConfigureAwait(false))
                {
                    return;
                }

                error = JoinError.Unavailable;
            }
        }

        if (error is not null)
        {
            await RefuseAsync(context, error).ConfigureAwait(false);
            return;
        }

        context.Response.ContentType = "text/plain";
        await context.Response.WriteAsync("success").ConfigureAwait(false);
    }

    private async Task ServeAsync(HttpContext context, SignalConnection connection, RoomHost host, JoinResult joined)
    {
        var accept = new WebSocketAcceptContext
        {
            // The only secret in these messages, the refreshed token, is sent uncompressed.
            DangerousEnableCompression = true,
            DisableServerContextTakeover = true,
        };
        System.Net.WebSockets.WebSocket socket;
        try
        {
            socket = await context.WebSockets.AcceptWebSocketAsync(accept).ConfigureAwait(false);
        }
        catch
        {
            await connection.LoseAsync(host, joined.Sid).ConfigureAwait(false);
            throw;
        }

        using (socket)
        {
            await connection.RunAsync(socket, host, joined, lifetime.ApplicationStopped).ConfigureAwait(false);
        }
    }

    private JoinError? Read(HttpContext context, bool version1, out JoinAttempt attempt)
    {
        var query = context.Request.Query;
        string? Parameter(string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;
        return _reader.Read(BearerToken.From(context.Request) ?? Parameter("access_token"), version1, Parameter, time.GetUtcNow(), out attempt);
    }

    private static JoinError? ErrorOf(RoomLocation route) => route switch
    {
        RoomLocation.NotFound => JoinError.RoomNotFound,
        RoomLocation.NodeFull => JoinError.NodeFull,
        RoomLocation.Unavailable => JoinError.Unavailable,
        RoomLocation.NotCreated refused => new JoinError(
            refused.Again ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status400BadRequest, refused.Why),
        _ => null,
    };

    private static Task RefuseAsync(HttpContext context, JoinError error)
    {
        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(error.Text);
    }
}
