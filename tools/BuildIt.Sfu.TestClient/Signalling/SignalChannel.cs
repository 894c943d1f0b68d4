using System.Net.WebSockets;
using System.Threading.Channels;
using BuildIt.Sfu.Signaling.Protocol;
using Google.Protobuf;

namespace BuildIt.Sfu.TestClient.Signalling;

/// <summary>One signalling WebSocket: messages out in order, messages in by callback. Any thread may send.</summary>
internal sealed class SignalChannel : IAsyncDisposable
{
    private const int InitialBuffer = 16 * 1024;

    private readonly ClientWebSocket _socket = new();
    private readonly Channel<SignalRequest> _outgoing = Channel.CreateUnbounded<SignalRequest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private Task _work = Task.CompletedTask;

    /// <summary>Connects and starts. <paramref name="received"/> is called for one message at a time, <paramref name="closed"/> once.</summary>
    /// <exception cref="WebSocketException">The node cannot be reached or refuses the session.</exception>
    public async Task OpenAsync(Uri address, Action<SignalResponse> received, Action<string> closed, CancellationToken cancellation)
    {
        await _socket.ConnectAsync(address, cancellation);
        _work = Task.WhenAll(SendAllAsync(), ReceiveAllAsync(received, closed));
    }

    public void Send(SignalRequest request) => _outgoing.Writer.TryWrite(request);

    public async ValueTask DisposeAsync()
    {
        _outgoing.Writer.TryComplete();
        _stop.CancelAfter(TimeSpan.FromSeconds(2));
        await _work;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        try
        {
            await foreach (var request in _outgoing.Reader.ReadAllAsync(_stop.Token))
            {
                await _socket.SendAsync(request.ToByteArray(), WebSocketMessageType.Binary, endOfMessage: true, _stop.Token);
            }

            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _stop.Token);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The receiving side reports the end.
        }
    }

    private async Task ReceiveAllAsync(Action<SignalResponse> received, Action<string> closed)
    {
        var buffer = new byte[InitialBuffer];
        var reason = "closed by the node";
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult result;
                do
                {
                    if (length == buffer.Length)
                    {
                        Array.Resize(ref buffer, buffer.Length * 2);
                    }

                    result = await _socket.ReceiveAsync(buffer.AsMemory(length), _stop.Token);
                    length += result.Count;
                }
                while (!result.EndOfMessage);

                if (result.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                received(SignalResponse.Parser.ParseFrom(buffer.AsSpan(0, length)));
            }
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException or InvalidProtocolBufferException)
        {
            reason = error.Message;
        }

        closed(reason);
    }
}
