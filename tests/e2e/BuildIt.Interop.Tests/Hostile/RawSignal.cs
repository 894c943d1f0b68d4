using System.Net.WebSockets;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>A signal connection under the test's own hand: it reads only when asked to, and writes what it is given.</summary>
internal sealed class RawSignal : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    public static async Task<RawSignal> OpenAsync(SfuNode node, string room, string identity)
    {
        var token = SfuNode.Token(room, identity, options => options.Grant = options.Grant with { CanUpdateOwnMetadata = true });
        var signal = new RawSignal();
        await signal._socket.ConnectAsync(new Uri($"{node.WebSocketUrl}/rtc?access_token={token}&protocol=16"), CancellationToken.None);
        return signal;
    }

    public Task SendAsync(SignalRequest request, CancellationToken cancellation = default) => SendAsync(request.ToByteArray(), cancellation);

    public Task SendAsync(byte[] message, CancellationToken cancellation = default) =>
        _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellation);

    /// <summary>The next message; null when the connection has ended.</summary>
    public async Task<SignalResponse?> ReceiveAsync(CancellationToken cancellation = default)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            WebSocketReceiveResult received;
            try
            {
                received = await _socket.ReceiveAsync(buffer, cancellation);
            }
            catch (WebSocketException)
            {
                return null;
            }

            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return SignalResponse.Parser.ParseFrom(message.ToArray());
            }
        }
    }

    public void Dispose() => _socket.Dispose();
}
