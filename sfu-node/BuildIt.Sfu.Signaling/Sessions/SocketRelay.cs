using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Copies messages between a client's WebSocket and one to the node that serves its room. When the node is lost the client can be
/// kept, until it is known where it is to go.
/// </summary>
internal sealed class SocketRelay(WebSocket client, WebSocket node)
{
    /// <summary>How long a client has to answer a close.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private volatile bool _nodeLost;
    private volatile bool _givenUp;
    private volatile bool _json;
    private bool _insideMessage;

    /// <summary>Copies both ways until either side ends, or the room is elsewhere.</summary>
    /// <param name="left">Completes when the room is elsewhere and the node should have said so; then it is given up although its socket is open.</param>
    /// <param name="waits">Whether a client whose node broke off is to wait, and for how long; asked when it happens.</param>
    /// <param name="aborted">The client is gone.</param>
    public async Task RunAsync(Func<CancellationToken, Task> left, Func<CancellationToken, Task<bool>> waits, CancellationToken aborted)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ended.Token);
        var up = CopyUpAsync(ended);
        var giving = GiveUpAsync(left, over.Token);
        if (await CopyDownAsync(ended).ConfigureAwait(false))
        {
            await PartAsync(_givenUp ? _ => Task.FromResult(true) : waits, ended).ConfigureAwait(false);
        }

        await over.CancelAsync().ConfigureAwait(false);
        await giving.ConfigureAwait(false);
        await up.ConfigureAwait(false);
    }

    /// <summary>Breaks the connection to a node that does not have the room any more and has not said so: it hangs.</summary>
    private async Task GiveUpAsync(Func<CancellationToken, Task> left, CancellationToken over)
    {
        try
        {
            await left(over).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        _givenUp = true;
        _nodeLost = true;
        node.Abort();
    }

    // What a client says after its node was lost is read and dropped: a receive that is cancelled would break its socket.
    private async Task CopyUpAsync(CancellationTokenSource ended)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (true)
            {
                var received = await client.ReceiveAsync(buffer.AsMemory(), ended.Token).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await CloseNodeAsync(ended.Token).ConfigureAwait(false);
                    return;
                }

                _json = received.MessageType == WebSocketMessageType.Text;
                if (!_nodeLost)
                {
                    await SendUpAsync(buffer.AsMemory(0, received.Count), received, ended.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error) when (IsEnd(error))
        {
            await ended.CancelAsync().ConfigureAwait(false);
            node.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task CloseNodeAsync(CancellationToken cancel)
    {
        if (!_nodeLost)
        {
            await node.CloseOutputAsync(client.CloseStatus ?? WebSocketCloseStatus.NormalClosure, client.CloseStatusDescription, cancel).ConfigureAwait(false);
        }
    }

    // That the node is lost is for the other direction to notice.
    private async Task SendUpAsync(ReadOnlyMemory<byte> message, ValueWebSocketReceiveResult received, CancellationToken cancel)
    {
        try
        {
            await node.SendAsync(message, received.MessageType, Flags(received), cancel).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or IOException or ObjectDisposedException || (_givenUp && IsEnd(error)))
        {
            _nodeLost = true;
        }
    }

    /// <returns>True when the node broke off, false when the connection ended in any other way.</returns>
    private async Task<bool> CopyDownAsync(CancellationTokenSource ended)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult received;
                try
                {
                    received = await node.ReceiveAsync(buffer.AsMemory(), ended.Token).ConfigureAwait(false);
                }
                catch (Exception error) when ((error is WebSocketException or IOException || (_givenUp && IsEnd(error))) && !ended.IsCancellationRequested)
                {
                    _nodeLost = true;
                    return true;
                }

                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await client.CloseOutputAsync(node.CloseStatus ?? WebSocketCloseStatus.NormalClosure, node.CloseStatusDescription, ended.Token)
                        .ConfigureAwait(false);
                    return false;
                }

                await client.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, Flags(received), ended.Token).ConfigureAwait(false);
                _insideMessage = !received.EndOfMessage;
            }
        }
        catch (Exception error) when (IsEnd(error))
        {
            await ended.CancelAsync().ConfigureAwait(false);
            client.Abort();
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The node was lost: the client is told to join anew once somebody else has its room, or is let go.</summary>
    private async Task PartAsync(Func<CancellationToken, Task<bool>> waits, CancellationTokenSource ended)
    {
        try
        {
            if (_insideMessage || !await waits(ended.Token).ConfigureAwait(false))
            {
                await ended.CancelAsync().ConfigureAwait(false);
                return;
            }

            var leave = new OutboundSignal(new SignalResponse
            {
                Leave = new LeaveRequest { Reason = DisconnectReason.StateMismatch, Action = LeaveAction.Reconnect, CanReconnect = true },
            });
            var bytes = _json ? Encoding.UTF8.GetBytes(leave.Json) : leave.Binary;
            await client.SendAsync(bytes, _json ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, ended.Token).ConfigureAwait(false);
            await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, ended.Token).ConfigureAwait(false);
            ended.CancelAfter(CloseTimeout);
        }
        catch (Exception error) when (IsEnd(error))
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    // Nothing is compressed on the way: the same messages hold the client's token.
    private static WebSocketMessageFlags Flags(ValueWebSocketReceiveResult received) =>
        WebSocketMessageFlags.DisableCompression | (received.EndOfMessage ? WebSocketMessageFlags.EndOfMessage : WebSocketMessageFlags.None);

    private static bool IsEnd(Exception error) =>
        error is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException;
}
