using System.Net;

namespace BuildIt.Operator.Runtime.Client;

/// <summary>
/// An API server that is too busy, or whose storage of a kind is not ready yet, refuses with 429 (RFC 6585 section 4) and says
/// in Retry-After (RFC 9110 section 10.2.3) when to ask again. It has not begun what it refused so, therefore any request may
/// be sent again.
/// </summary>
internal static class BusyServer
{
    /// <summary>Longest wait in one call; after it the caller gets the refusal and its own way of trying again later.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);

    /// <summary>How long a refusal asks to be left alone; null for any other answer. Kubernetes says it in seconds, never as a date.</summary>
    public static TimeSpan? PauseOf(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.TooManyRequests && response.Headers.RetryAfter?.Delta is { } pause
            ? pause > ShortestPause ? pause : ShortestPause
            : null;

    /// <summary>Makes a call, and makes it again when the server was too busy and the wait is not beyond <see cref="Patience"/>.</summary>
    public static async Task<T> AskAsync<T>(Func<Task<T>> call, TimeProvider time, CancellationToken cancellation)
    {
        var waited = TimeSpan.Zero;
        while (true)
        {
            TimeSpan pause;
            try
            {
                return await call().ConfigureAwait(false);
            }
            catch (ApiException busy) when (busy.RetryAfter is { } asked && waited + asked <= Patience)
            {
                pause = asked;
            }

            waited += pause;
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }
}
