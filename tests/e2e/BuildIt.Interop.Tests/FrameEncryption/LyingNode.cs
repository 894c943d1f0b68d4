using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>What is said to a client instead of one thing that the node said: that, something else, or more.</summary>
internal delegate IEnumerable<SignalResponse> Lie(SignalResponse said);

/// <summary>
/// A node that does not say the truth to its clients: a real one, whose words are changed on the way. Media goes straight to the real one,
/// as everything that a client is told about media comes over the signal connection alone.
/// </summary>
internal sealed class LyingNode : IAsyncDisposable
{
    private readonly WebApplication _application;

    private LyingNode(WebApplication application, string url) => (_application, WebSocketUrl) = (application, url);

    /// <summary>Where clients connect who are to be lied to.</summary>
    public string WebSocketUrl { get; }

    /// <summary>Starts one on a free loopback port.</summary>
    /// <param name="webSocketUrl">The real node's address.</param>
    /// <param name="lie">Called for each message of the real node, for one client after the other in the order of the messages.</param>
    public static async Task<LyingNode> StartAsync(string webSocketUrl, Lie lie)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        application.UseWebSockets();
        application.Run(context => ServeAsync(context, new Uri(webSocketUrl), lie));
        await application.StartAsync();
        var url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new LyingNode(application, url.Replace("http://", "ws://", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static async Task ServeAsync(HttpContext context, Uri node, Lie lie)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var real = new ClientWebSocket();
        await real.ConnectAsync(new Uri(node, context.Request.GetEncodedPathAndQuery()), ended.Token);
        using var client = await context.WebSockets.AcceptWebSocketAsync();
        await Task.WhenAny(
            PassAsync(client, real, message => [message], ended.Token),
            PassAsync(real, client, message => lie(SignalResponse.Parser.ParseFrom(message)).Select(told => told.ToByteArray()), ended.Token));
        await ended.CancelAsync();
    }

    private static async Task PassAsync(WebSocket from, WebSocket to, Func<byte[], IEnumerable<byte[]>> change, CancellationToken ended)
    {
        var buffer = new byte[64 << 10];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await from.ReceiveAsync(buffer.AsMemory(), ended);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    await to.CloseOutputAsync(from.CloseStatus ?? WebSocketCloseStatus.NormalClosure, from.CloseStatusDescription, ended);
                    return;
                }

                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                {
                    continue;
                }

                foreach (var passed in change(message.ToArray()))
                {
                    await to.SendAsync(passed, part.MessageType, endOfMessage: true, ended);
                }

                message.SetLength(0);
            }
        }
        catch (Exception over) when (over is WebSocketException or OperationCanceledException)
        {
            // One side is gone; the other follows.
        }
    }
}
