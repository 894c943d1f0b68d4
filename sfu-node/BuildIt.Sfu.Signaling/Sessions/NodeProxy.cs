using System.Diagnostics;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Passes requests and WebSockets on over the fleet's own network. What was passed on twice (to a node that serves the room, and from
/// there to the one that has the session) is not passed on again, so that nodes that disagree about a room cannot send a client in circles. Whoever was passed on follows the room and not only the connection: a
/// node that hangs keeps its sockets open.
/// </summary>
/// <param name="http">The fleet's network.</param>
/// <param name="time">The clock.</param>
/// <param name="region">Where this node is: whom it passes on has arrived there.</param>
public sealed class NodeProxy(HttpMessageInvoker http, TimeProvider time, string region = "") : INodeProxy
{
    /// <summary>Marks what another node has passed on; its value is how often.</summary>
    public const string ForwardedHeader = "X-BuildIt-Forwarded";

    /// <summary>The region in which a client arrived.</summary>
    public const string ArrivalHeader = "X-BuildIt-Arrival";

    private const int MostForwards = 2;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a client whose node was lost is kept until somebody else has its room. Clients give up after 15 s without a word.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>A node that lives sends the clients of a room that it gives up away itself, in better words.</summary>
    private static readonly TimeSpan PartingTime = TimeSpan.FromSeconds(1);

    /// <summary>How long a request may take: longer than a node waits for a room of its to be ended everywhere.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan RefusalTimeout = TimeSpan.FromSeconds(1);

    /// <summary>A process that was killed gives up its sockets one after the other, and may listen a little longer than it serves.</summary>
    private static readonly TimeSpan EndingTime = TimeSpan.FromMilliseconds(250);

    public async Task<bool> ForwardAsync(HttpContext context, Uri node, Func<CancellationToken, Task> moved, Activity? span = null)
    {
        if (Forwards(context) >= MostForwards)
        {
            return false;
        }

        var target = new UriBuilder(new Uri(node, context.Request.Path.ToUriComponent()))
        {
            Query = context.Request.QueryString.ToUriComponent(),
        };
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return await ForwardRequestAsync(context, target.Uri, moved).ConfigureAwait(false);
        }

        target.Scheme = node.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        return await ForwardSocketAsync(context, target.Uri, moved, span).ConfigureAwait(false);
    }

    /// <summary>The region in which a client arrived, whoever passed it on; empty when that is not known.</summary>
    public static string ArrivedIn(HttpContext context) =>
        Forwards(context) > 0 && context.Request.Headers[ArrivalHeader].ToString() is { Length: > 0 and <= 128 } arrival ? arrival : "";

    private string ArrivalOf(HttpContext context) => ArrivedIn(context) is { Length: > 0 } arrival ? arrival : region;

    private static int Forwards(HttpContext context) =>
        context.Request.Headers.TryGetValue(ForwardedHeader, out var value)
            ? int.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var count) ? count : MostForwards
            : 0;

    private static string Next(HttpContext context) => (Forwards(context) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private async Task<bool> ForwardSocketAsync(HttpContext context, Uri target, Func<CancellationToken, Task> moved, Activity? span)
    {
        var (connected, refused) = await ConnectAsync(context, target, moved).ConfigureAwait(false);
        using var remote = connected;
        if (remote is null)
        {
            if (refused == StatusCodes.Status503ServiceUnavailable)
            {
                return false;
            }

            context.Response.StatusCode = refused;
            return true;
        }

        using var client = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { DangerousEnableCompression = true, DisableServerContextTakeover = true }).ConfigureAwait(false);
        span?.Stop();
        await new SocketRelay(client, remote).RunAsync(
            cancel => LeftAsync(moved, cancel), cancel => WaitsAsync(target, moved, cancel), context.RequestAborted).ConfigureAwait(false);
        return true;
    }

    /// <summary>Completes when the room has been elsewhere for long enough that its old node would have said so.</summary>
    private async Task LeftAsync(Func<CancellationToken, Task> moved, CancellationToken cancel)
    {
        await moved(cancel).ConfigureAwait(false);
        await Task.Delay(PartingTime, time, cancel).ConfigureAwait(false);
    }

    /// <summary>Connects, or gives up when the room turns out to be elsewhere.</summary>
    /// <returns>The socket, or the status for the client.</returns>
    private async Task<(ClientWebSocket? Socket, int Refused)> ConnectAsync(HttpContext context, Uri target, Func<CancellationToken, Task> moved)
    {
        var (socket, refused) = await TryConnectAsync(context, target, moved).ConfigureAwait(false);

        // A node that lives and broke off before it answered has what it had: to take it for lost would cost a client its session.
        if (socket is null && refused is null && !await RefusesAsync(target, context.RequestAborted).ConfigureAwait(false))
        {
            (socket, refused) = await TryConnectAsync(context, target, moved).ConfigureAwait(false);
        }

        return (socket, refused ?? StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Once.</summary>
    /// <returns>The socket, or the status for the client, or neither when the node broke off without one.</returns>
    private async Task<(ClientWebSocket? Socket, int? Refused)> TryConnectAsync(HttpContext context, Uri target, Func<CancellationToken, Task> moved)
    {
        var remote = Prepare(context);
        using var connecting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        connecting.CancelAfter(ConnectTimeout);
        try
        {
            var connected = remote.ConnectAsync(target, http, connecting.Token);
            if (await Task.WhenAny(connected, moved(connecting.Token)).ConfigureAwait(false) != connected)
            {
                await connecting.CancelAsync().ConfigureAwait(false);
            }

            await connected.ConfigureAwait(false);
            return (remote, null);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or HttpRequestException)
        {
            var status = (int)remote.HttpStatusCode;
            remote.Dispose();
            return (null, status >= 400 ? status : connecting.IsCancellationRequested ? StatusCodes.Status503ServiceUnavailable : null);
        }
        finally
        {
            await connecting.CancelAsync().ConfigureAwait(false);
        }
    }

    private ClientWebSocket Prepare(HttpContext context)
    {
        var remote = new ClientWebSocket();
        remote.Options.CollectHttpResponseDetails = true;
        remote.Options.SetRequestHeader(ForwardedHeader, Next(context));
        if (ArrivalOf(context) is { Length: > 0 } arrival)
        {
            remote.Options.SetRequestHeader(ArrivalHeader, arrival);
        }

        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            remote.Options.SetRequestHeader("Authorization", authorization);
        }

        return remote;
    }

    /// <summary>
    /// Whether a client whose node broke off was kept until its room was elsewhere. Only where the node's machine says that nobody
    /// listens there any more: its sessions are lost then. Otherwise the client may resume what it has, and is let go to do so.
    /// </summary>
    private static async Task<bool> WaitsAsync(Uri target, Func<CancellationToken, Task> moved, CancellationToken cancel)
    {
        if (!await RefusesAsync(target, cancel).ConfigureAwait(false))
        {
            return false;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            await moved(patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<bool> RefusesAsync(Uri target, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RefusalTimeout);
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(target.Host, target.Port, limit.Token).ConfigureAwait(false);

            // Whoever lives waits for a request; what nobody accepts any more is reset.
            limit.CancelAfter(EndingTime);
            return await probe.Client.ReceiveAsync(new byte[1], limit.Token).ConfigureAwait(false) == 0;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<bool> ForwardRequestAsync(HttpContext context, Uri target, Func<CancellationToken, Task> moved)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        request.Headers.Add(ForwardedHeader, Next(context));
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, context.RequestAborted);
        try
        {
            var answering = http.SendAsync(request, limit.Token);
            if (await Task.WhenAny(answering, LeftAsync(moved, limit.Token)).ConfigureAwait(false) != answering)
            {
                await limit.CancelAsync().ConfigureAwait(false);
            }

            using var response = await answering.ConfigureAwait(false);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            await response.Content.CopyToAsync(context.Response.Body, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception error) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested
            && error is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            // Ends the wait for the room's move.
            await limit.CancelAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>Passes a request or WebSocket on to the node that serves its room.</summary>
public interface INodeProxy
{
    /// <summary>Forwards <paramref name="context"/> as it is to the same path of <paramref name="node"/> and relays the answer.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="node">Base address of the other node.</param>
    /// <param name="moved">
    /// Completes when another node serves the room. A client whose node is lost during a call stays connected until then, and is
    /// asked to join anew.
    /// </param>
    /// <param name="span">Ends when the client is connected to the other node.</param>
    /// <returns>False when the node does not answer, or says that it cannot now: the client has got no answer yet.</returns>
    Task<bool> ForwardAsync(HttpContext context, Uri node, Func<CancellationToken, Task> moved, Activity? span = null);
}

/// <summary>A node that stands alone has nobody to pass requests on to.</summary>
public sealed class NoNodeProxy : INodeProxy
{
    public Task<bool> ForwardAsync(HttpContext context, Uri node, Func<CancellationToken, Task> moved, Activity? span = null) => Task.FromResult(false);
}
