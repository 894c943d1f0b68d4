using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Testing.Conferences.Browsers.Firefox;

/// <summary>A WebDriver BiDi session (W3C) with a browser: commands, and the events it was asked to tell. Commands may be sent from any thread.</summary>
internal sealed class BidiConnection : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonNode>> _waiting = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly Action<string, JsonNode> _onEvent;
    private Task _receiving = Task.CompletedTask;
    private long _last;

    private BidiConnection(Action<string, JsonNode> onEvent) => _onEvent = onEvent;

    /// <summary>Connects and begins a session.</summary>
    /// <param name="address">Where the browser listens, without a path.</param>
    /// <param name="onEvent">Told of each event by name, one after the other.</param>
    public static async Task<BidiConnection> ConnectAsync(Uri address, Action<string, JsonNode> onEvent)
    {
        var connection = new BidiConnection(onEvent);
        await connection._socket.ConnectAsync(new Uri(address, "/session"), CancellationToken.None);
        connection._receiving = connection.ReceiveAsync();
        await connection.SendAsync("session.new", new JsonObject { ["capabilities"] = new JsonObject() });
        return connection;
    }

    /// <summary>Sends a command and returns its result.</summary>
    /// <exception cref="PageException">The browser refused it, or is gone.</exception>
    public async Task<JsonNode> SendAsync(string method, JsonObject parameters)
    {
        var id = Interlocked.Increment(ref _last);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        var command = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters });
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(command, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (WebSocketException gone)
        {
            throw new PageException($"{method}: the browser is gone: {gone.Message}");
        }
        finally
        {
            _sending.Release();
        }

        if (_receiving.IsCompleted)
        {
            EndAll();
        }

        return await answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _receiving;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (true)
            {
                using var message = new MemoryStream();
                WebSocketReceiveResult part;
                do
                {
                    part = await _socket.ReceiveAsync(buffer, CancellationToken.None);
                    message.Write(buffer, 0, part.Count);
                }
                while (!part.EndOfMessage);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                Handle(JsonNode.Parse(message.ToArray())!);
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // The browser has ended, or this has been disposed.
        }

        EndAll();
    }

    private void Handle(JsonNode message)
    {
        if ((string?)message["type"] == "event")
        {
            _onEvent((string)message["method"]!, message["params"]!);
        }
        else if (message["id"] is { } id && _waiting.TryRemove((long)id, out var answer))
        {
            if (message["error"] is { } error)
            {
                answer.SetException(new PageException($"{error}: {message["message"]}"));
            }
            else
            {
                answer.SetResult(message["result"]!);
            }
        }
    }

    private void EndAll()
    {
        foreach (var id in _waiting.Keys)
        {
            if (_waiting.TryRemove(id, out var answer))
            {
                answer.TrySetException(new PageException("the browser is gone"));
            }
        }
    }
}
