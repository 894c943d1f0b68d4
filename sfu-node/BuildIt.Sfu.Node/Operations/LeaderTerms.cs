using System.Globalization;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// Keeps an operator that no longer leads from giving orders: one that hung while another took over goes on where it stopped.
/// Thread-safe.
/// </summary>
public sealed class LeaderTerms(TimeProvider time)
{
    /// <summary>
    /// How long a term is remembered that is not heard any more. The leader is heard with every probe; terms that count from
    /// anew, because a cluster was set back to a backup, are heard after this.
    /// </summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _latest;
    private long _heardAt;

    /// <summary>Takes in the term of whoever calls.</summary>
    /// <returns>False when a leader of a later term was heard.</returns>
    public bool Accept(long term)
    {
        lock (_lock)
        {
            if (term < _latest && time.GetElapsedTime(_heardAt) < Memory)
            {
                return false;
            }

            (_latest, _heardAt) = (term, time.GetTimestamp());
            return true;
        }
    }

    /// <summary>Refuses whatever a leader of the past asks, whom it would not help to know better. Callers that name no term pass.</summary>
    public async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (long.TryParse(context.Request.Headers[NodePaths.TermHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var term) && !Accept(term))
        {
            context.Response.StatusCode = StatusCodes.Status412PreconditionFailed;
            await context.Response.WriteAsync("Another operator leads by now.\n", context.RequestAborted);
            return;
        }

        await next(context);
    }
}
