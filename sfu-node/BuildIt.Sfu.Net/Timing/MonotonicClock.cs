using System.Diagnostics;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Net.Timing;

/// <summary>The process's one monotonic clock. Every loop uses it, so instants of different loops compare.</summary>
public static class MonotonicClock
{
    /// <summary>Starts well above zero, so that "an hour ago" is still a valid instant.</summary>
    private static readonly long Offset = TimeSpan.FromDays(1).Ticks / TimeSpan.TicksPerMicrosecond;

    private static readonly long Start = Stopwatch.GetTimestamp();

    /// <summary>The time now. On a media loop use <see cref="MediaLoop.Now"/>, which is read once per iteration.</summary>
    public static Instant Read() =>
        new(Offset + Stopwatch.GetElapsedTime(Start).Ticks / TimeSpan.TicksPerMicrosecond);
}
