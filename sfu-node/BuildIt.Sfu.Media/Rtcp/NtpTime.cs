using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Rtcp;

/// <summary>A 64-bit NTP timestamp: seconds in 32.32 fixed point (RFC 3550 section 4).</summary>
public readonly record struct NtpTime(ulong Value)
{
    /// <summary>The middle 32 bits, in units of 1/65536 s, as report blocks carry them.</summary>
    public uint Middle => (uint)(Value >> 16);

    /// <summary>Signed time from <paramref name="other"/> to this one.</summary>
    public TimeSpan Since(NtpTime other) => TimeSpan.FromTicks((long)((long)(Value - other.Value) * (TimeSpan.TicksPerSecond / 4294967296.0)));

    /// <summary>
    /// An instant of the node's monotonic clock as NTP time. RFC 3550 section 6.4.1 allows a clock without a known epoch.
    /// </summary>
    public static NtpTime FromInstant(Instant at)
    {
        var seconds = (ulong)(at.Microseconds / 1_000_000);
        var fraction = ((ulong)(at.Microseconds % 1_000_000) << 32) / 1_000_000;
        return new NtpTime(seconds << 32 | fraction);
    }

    public static NtpTime operator +(NtpTime at, TimeSpan span) =>
        new(at.Value + (ulong)(long)(span.Ticks * (4294967296.0 / TimeSpan.TicksPerSecond)));
}
