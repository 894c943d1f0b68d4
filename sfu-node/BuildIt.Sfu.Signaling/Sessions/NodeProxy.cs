using System.Buffers;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Passes requests and WebSockets on over the fleet's own network. What was passed on once is not passed on again, so that two nodes
/// that disagree about a room cannot send a client in circles.
/// </summary>
public sealed class NodeProxy(HttpMessageInvoker http) : INodeProxy
{
    /// <summary>Marks what another node has passed on.</summary>
    public const string ForwardedHeader = "X-BuildIt-Forwarded";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    public async Task ForwardAsync(HttpContext context, Uri node)
    {
        if (context.Request.Headers.ContainsKey(ForwardedHeader))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var target = new UriBuilder(new Uri(node, context.Request.Path.ToUriComponent()))
        {
            Query = context.Request.QueryString.ToUriComponent(),
        };
        if (context.WebSockets.IsWebSocketRequest)
        {
            target.Scheme = node.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
            await ForwardSocketAsync(context, target.Uri).ConfigureAwait(false);
        }
        else
        {
            await ForwardRequestAsync(context, target.Uri).ConfigureAwait(false);
        }
    }

    private async Task ForwardSocketAsync(HttpContext context, Uri target)
    {
        using var remote = new ClientWebSocket();
        remote.Options.CollectHttpResponseDetails = true;
        remote.Options.SetRequestHeader(ForwardedHeader, "1");
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            remote.Options.SetRequestHeader("Authorization", authorization);
        }

        using var connecting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        connecting.CancelAfter(ConnectTimeout);
        try
        {
            await remote.ConnectAsync(target, http, connecting.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or HttpRequestException)
        {
            context.Response.StatusCode = (int)remote.HttpStatusCode is >= 400 and var status ? status : StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var client = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { DangerousEnableCompression = true, DisableServerContextTakeover = true }).ConfigureAwait(false);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var up = RelayAsync(client, remote, ended);
        var down = RelayAsync(remote, client, ended);
        await Task.WhenAll(up, down).ConfigureAwait(false);
    }

    /// <summary>Copies one direction until it closes; a broken side breaks the other.</summary>
    private static async Task RelayAsync(WebSocket from, WebSocket to, CancellationTokenSource ended)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (true)
            {
                var received = await from.ReceiveAsync(buffer.AsMemory(), ended.Token).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await to.CloseOutputAsync(from.CloseStatus ?? WebSocketCloseStatus.NormalClosure, from.CloseStatusDescription, ended.Token)
                        .ConfigureAwait(false);
                    return;
                }

                // Nothing is compressed on the way: the same messages hold the client's token.
                var flags = WebSocketMessageFlags.DisableCompression
                    | (received.EndOfMessage ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None);
                await to.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, flags, ended.Token).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            await ended.CancelAsync().ConfigureAwait(false);
            to.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ForwardRequestAsync(HttpContext context, Uri target)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        request.Headers.Add(ForwardedHeader, "1");
        if (context.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        }

        try
        {
            using var response = await http.SendAsync(request, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
