using System.Text;
using System.Text.Json;

namespace BuildIt.RoomApi.Http.Streams;

/// <summary>
/// Writes Server-Sent Events (HTML Living Standard section 9.2) to one reader. Each is on its way before the next is made, and a reader
/// who does not take one in time is given up: nobody makes us keep more than one event for them.
/// </summary>
internal sealed class EventWriter(HttpContext context, TimeProvider time, CancellationToken cancellation)
{
    private long _written = time.GetTimestamp();

    /// <summary>How long a reader may take for one event.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public const string MediaType = "text/event-stream";

    /// <summary>How long nothing was sent.</summary>
    public TimeSpan Silence => time.GetElapsedTime(_written);

    /// <summary>Sends the head of the answer, so that the reader knows that the stream is open.</summary>
    public Task OpenAsync()
    {
        var response = context.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";

        // Proxies that follow nginx keep answers back until they have a few kilobytes of them.
        response.Headers["X-Accel-Buffering"] = "no";
        return WriteAsync(": open\n\n"u8.ToArray());
    }

    /// <summary>Sends an event.</summary>
    /// <param name="name">Its type.</param>
    /// <param name="data">Written as JSON, which has no line ends.</param>
    /// <param name="id">What the reader names to go on behind it; null for none.</param>
    /// <exception cref="OperationCanceledException">The reader has gone, or is too slow.</exception>
    public Task SendAsync<T>(string name, T data, string? id = null)
    {
        var head = id is null ? $"event: {name}\ndata: " : $"event: {name}\nid: {id}\ndata: ";
        return WriteAsync([.. Encoding.ASCII.GetBytes(head), .. JsonSerializer.SerializeToUtf8Bytes(data, StrictJson.Options), .. "\n\n"u8]);
    }

    /// <summary>Sends a comment, so that nobody between takes the connection for dead.</summary>
    public Task BeatAsync() => WriteAsync(":\n\n"u8.ToArray());

    private async Task WriteAsync(byte[] bytes)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await context.Response.Body.WriteAsync(bytes, patience.Token);
            await context.Response.Body.FlushAsync(patience.Token);
            _written = time.GetTimestamp();
        }
        catch (OperationCanceledException)
        {
            // What was begun cannot be ended.
            context.Abort();
            throw;
        }
    }
}
