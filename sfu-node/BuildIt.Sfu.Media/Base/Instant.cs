namespace BuildIt.Sfu.Media.Base;

/// <summary>
/// A point on one monotonic clock, in whole microseconds since an arbitrary start.
/// Instants of different clocks (two processes, two test runs) must not be compared.
/// </summary>
public readonly record struct Instant(long Microseconds) : IComparable<Instant>
{
    /// <summary>Later than every reachable instant: "no deadline".</summary>
    public static readonly Instant Never = new(long.MaxValue);

    /// <summary>The start of the clock.</summary>
    public static readonly Instant Zero = new(0);

    /// <summary>Whole milliseconds since the start, rounded down.</summary>
    public long Milliseconds => Microseconds / 1000;

    public static Instant FromMilliseconds(long milliseconds) => new(milliseconds * 1000);

    public static Instant Min(Instant a, Instant b) => a.Microseconds <= b.Microseconds ? a : b;

    public static Instant Max(Instant a, Instant b) => a.Microseconds >= b.Microseconds ? a : b;

    public int CompareTo(Instant other) => Microseconds.CompareTo(other.Microseconds);

    public static Instant operator +(Instant at, TimeSpan span) => new(at.Microseconds + span.Ticks / TimeSpan.TicksPerMicrosecond);

    public static Instant operator -(Instant at, TimeSpan span) => new(at.Microseconds - span.Ticks / TimeSpan.TicksPerMicrosecond);

    public static TimeSpan operator -(Instant later, Instant earlier) =>
        new((later.Microseconds - earlier.Microseconds) * TimeSpan.TicksPerMicrosecond);

    public static bool operator <(Instant a, Instant b) => a.Microseconds < b.Microseconds;

    public static bool operator >(Instant a, Instant b) => a.Microseconds > b.Microseconds;

    public static bool operator <=(Instant a, Instant b) => a.Microseconds <= b.Microseconds;

    public static bool operator >=(Instant a, Instant b) => a.Microseconds >= b.Microseconds;

    public override string ToString() => Microseconds == long.MaxValue ? "never" : $"{Microseconds / 1e6:0.000000}s";
}

/// <summary>A state machine with a next moment at which it wants to be called.</summary>
public interface IDeadline
{
    /// <summary>When to call next; <see cref="Instant.Never"/> when nothing is due.</summary>
    Instant NextDeadline { get; }

    void HandleTimeout(Instant now);
}
