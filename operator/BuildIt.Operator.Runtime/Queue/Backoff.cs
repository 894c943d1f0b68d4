namespace BuildIt.Operator.Runtime.Queue;

/// <summary>Delays that double with each failure up to a ceiling, spread by jitter so that many keys do not return at once.</summary>
/// <param name="Initial">Delay after the first failure.</param>
/// <param name="Ceiling">Longest delay; retries never stop.</param>
public sealed record Backoff(TimeSpan Initial, TimeSpan Ceiling)
{
    public static Backoff Default { get; } = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromMinutes(2));

    /// <summary>The delay after so many failures in a row.</summary>
    /// <param name="failures">From 1 up.</param>
    /// <param name="random">From 0 up to but not including 1: where in the upper half of the delay it falls.</param>
    public TimeSpan After(int failures, double random)
    {
        // 2^40 times any sensible start is beyond any ceiling; more would overflow.
        var doublings = Math.Clamp(failures - 1, 0, 40);
        var full = Math.Min(Initial.TotalMilliseconds * Math.Pow(2, doublings), Ceiling.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (0.5 * random)));
    }
}
