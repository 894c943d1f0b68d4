using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>A client's signal connection over a real WebSocket.</summary>
internal sealed class SignalClient(ClientWebSocket socket) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>The next message; null when the connection has ended.</summary>
    public async Task<SignalResponse?> ReceiveAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        var buffer = new byte[256 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(length), timeout.Token);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                length += result.Count;
                if (result.EndOfMessage)
                {
                    return SignalResponse.Parser.ParseFrom(buffer.AsSpan(0, length));
                }
            }
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    /// <summary>Skips messages until one matches.</summary>
    public async Task<SignalResponse> UntilAsync(Func<SignalResponse, bool> matches)
    {
        while (await ReceiveAsync() is { } message)
        {
            if (matches(message))
            {
                return message;
            }
        }

        throw new InvalidOperationException("The connection ended before the message came.");
    }

    public async Task<JoinResponse> JoinedAsync() => (await UntilAsync(m => m.Join is not null)).Join;

    /// <summary>Proves that the room answers.</summary>
    public async Task PingAsync(long timestamp)
    {
        await SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = timestamp } });
        await UntilAsync(m => m.PongResp?.LastPingTimestamp == timestamp);
    }

    public Task SendAsync(SignalRequest request) =>
        socket.SendAsync(request.ToByteArray(), WebSocketMessageType.Binary, true, CancellationToken.None);

    public void Dispose() => socket.Dispose();
}
