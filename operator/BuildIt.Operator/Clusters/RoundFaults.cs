using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// What goes wrong in the rounds of one fleet, part by part. A part that fails leaves the others their turn, says what it is, and
/// waits longer after each failure. Only the run of its fleet uses it, and a fleet never runs twice at once.
/// </summary>
internal sealed class RoundFaults(TimeProvider time)
{
    private static readonly TimeSpan Behind = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>So many of the faults are told; of a thousand pods that cannot be changed the rest says the same.</summary>
    private const int MostTold = 3;

    private readonly Dictionary<(string Reason, string Subject), PartFault> _known = [];
    private readonly HashSet<(string Reason, string Subject)> _tried = [];
    private Action<PartFault> _report = _ => { };
    private bool _unreachable;

    /// <summary>When a part that failed is due again; null when none did.</summary>
    public DateTimeOffset? NextTry { get; private set; }

    /// <summary>A round begins.</summary>
    /// <param name="report">Is told of each fault when it happens.</param>
    public void Begin(Action<PartFault> report)
    {
        _report = report;
        _tried.Clear();
        _unreachable = false;
        NextTry = null;
    }

    /// <summary>A round ends. What failed in an older one and was not to be done in this one is over.</summary>
    public void End()
    {
        foreach (var key in _known.Keys.Where(key => !_tried.Contains(key)).ToList())
        {
            _known.Remove(key);
        }
    }

    /// <summary>The spec has changed: everything is tried again at once.</summary>
    public void Clear() => _known.Clear();

    /// <summary>Does a part of the round.</summary>
    /// <param name="reason">The condition's reason when it fails.</param>
    /// <param name="subject">What it is about, in words: <c>the Service fleet-signal</c>.</param>
    /// <param name="part">The work. A call that the API server refuses because something has changed meanwhile is no fault.</param>
    /// <param name="cancellation">Ends the round, and then this throws.</param>
    /// <param name="needsApi">It calls the Kubernetes API, and is left for later once that does not answer.</param>
    /// <exception cref="WriteFencedException">This process no longer leads; the round is over.</exception>
    public async Task TryAsync(string reason, string subject, Func<Task> part, CancellationToken cancellation, bool needsApi = true)
    {
        var key = (reason, subject);
        _tried.Add(key);
        if ((needsApi && _unreachable) || (_known.TryGetValue(key, out var last) && last.Until > time.GetUtcNow()))
        {
            Wake(_known.TryGetValue(key, out last) ? last.Until : time.GetUtcNow() + FirstWait);
            return;
        }

        try
        {
            await part().ConfigureAwait(false);
            _known.Remove(key);
        }
        catch (ApiException refused) when (refused.IsConflict)
        {
            // The cache was behind; what is new is on its way.
            Wake(time.GetUtcNow() + Behind);
        }
        catch (Exception failure) when (failure is not WriteFencedException && !Stopping.Explains(failure, cancellation))
        {
            // Whoever does not answer one call would keep every other waiting as long.
            _unreachable |= needsApi && IsSilence(failure);
            var times = (last?.Times ?? 0) + 1;
            var wait = FirstWait * Math.Pow(2, Math.Min(times - 1, 10));
            var fault = new PartFault(reason, $"{subject}: {failure.Message}", times, time.GetUtcNow() + (wait < LongestWait ? wait : LongestWait), failure);
            _known[key] = fault;
            Wake(fault.Until);
            _report(fault);
        }
    }

    /// <summary>What stands, as a condition says it; null when nothing does.</summary>
    public (string Reason, string Message)? Summary()
    {
        var standing = _known.Where(pair => _tried.Contains(pair.Key)).Select(pair => pair.Value).ToList();
        if (standing.Count == 0)
        {
            return null;
        }

        var told = string.Join("; ", standing.Take(MostTold).Select(fault => fault.Message));
        return (standing[0].Reason, standing.Count > MostTold ? $"{told}; and {standing.Count - MostTold} more" : told);
    }

    /// <summary>Nobody answered, so nobody can be told either.</summary>
    public static bool IsSilence(Exception failure) => failure is HttpRequestException or TimeoutException or IOException;

    private void Wake(DateTimeOffset at) => NextTry = NextTry < at ? NextTry : at;
}

/// <summary>A part of a fleet's round that failed.</summary>
/// <param name="Reason">The condition's reason.</param>
/// <param name="Message">What it is about, and the words of whoever refused it.</param>
/// <param name="Times">How often in a row.</param>
/// <param name="Until">When it is tried again.</param>
/// <param name="Cause">What was thrown.</param>
internal sealed record PartFault(string Reason, string Message, int Times, DateTimeOffset Until, Exception Cause);
