using Microsoft.AspNetCore.Http;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>Why a body was not read.</summary>
public enum BodyFault : byte
{
    None,

    /// <summary>More bytes than are taken.</summary>
    TooLarge,

    /// <summary>It did not arrive in time.</summary>
    TooSlow,

    /// <summary>It ended before it was whole.</summary>
    Incomplete,

    /// <summary>Too many bodies are on their way at once, from all callers or from this one.</summary>
    TooMany,
}

/// <summary>
/// Reads the bodies of requests into memory, never onto disk: so many bytes of each, in so much time, and so many at once. Ask only
/// for callers who may do something. Thread-safe.
/// </summary>
public sealed class RequestBodies(TimeProvider time)
{
    /// <summary>Bodies read at once: with <see cref="TwirpEndpoint.MaxBody"/> this bounds what they take.</summary>
    public const int MaxAtOnce = 16;

    /// <summary>Of them those of one caller: a further request is refused.</summary>
    public const int MaxAtOncePerCaller = 4;

    /// <summary>Time for waiting and reading together.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _slots = new(MaxAtOnce);
    private readonly Dictionary<string, int> _callers = new(StringComparer.Ordinal);

    /// <param name="request">Whose body.</param>
    /// <param name="maxBytes">Longest body taken.</param>
    /// <param name="caller">Who asks, so that one caller leaves places to others; empty for one who may have all.</param>
    public async Task<(byte[] Body, BodyFault Fault)> ReadAsync(HttpRequest request, int maxBytes, string caller = "")
    {
        if (request.ContentLength > maxBytes)
        {
            return ([], BodyFault.TooLarge);
        }

        if (!Enter(caller))
        {
            return ([], BodyFault.TooMany);
        }

        var aborted = request.HttpContext.RequestAborted;
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted, patience.Token);
        var entered = false;
        try
        {
            await _slots.WaitAsync(limit.Token).ConfigureAwait(false);
            entered = true;
            return await ReadAsync(request, maxBytes, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return ([], entered ? BodyFault.TooSlow : BodyFault.TooMany);
        }
        catch (BadHttpRequestException error)
        {
            // The server's own limits, which may be met first; or the client gave up in the middle.
            return ([], error.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => BodyFault.TooLarge,
                StatusCodes.Status408RequestTimeout => BodyFault.TooSlow,
                _ => BodyFault.Incomplete,
            });
        }
        finally
        {
            Leave(caller);
            if (entered)
            {
                _slots.Release();
            }
        }
    }

    private static async Task<(byte[] Body, BodyFault Fault)> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancel)
    {
        using var body = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancel).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > maxBytes)
            {
                return ([], BodyFault.TooLarge);
            }

            body.Write(chunk, 0, read);
        }

        return (body.ToArray(), BodyFault.None);
    }

    private bool Enter(string caller)
    {
        lock (_callers)
        {
            var count = _callers.GetValueOrDefault(caller);
            if (caller.Length > 0 && count >= MaxAtOncePerCaller)
            {
                return false;
            }

            _callers[caller] = count + 1;
            return true;
        }
    }

    private void Leave(string caller)
    {
        lock (_callers)
        {
            if (_callers[caller] == 1)
            {
                _callers.Remove(caller);
            }
            else
            {
                _callers[caller]--;
            }
        }
    }
}
