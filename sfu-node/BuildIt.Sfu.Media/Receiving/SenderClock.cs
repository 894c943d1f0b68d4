using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// How one stream's RTP timestamps relate to its sender's NTP clock, from the last sender report (RFC 3550 section 6.4.1).
/// Streams of one sender share the NTP clock, which is what aligns simulcast layers and lips with voices.
/// </summary>
public readonly record struct SenderClock(NtpTime Ntp, RtpTimestamp Timestamp, Instant ReportArrival)
{
    /// <summary>False until a sender report arrived.</summary>
    public bool IsKnown => Ntp.Value != 0;

    /// <summary>The sender's NTP time at <paramref name="timestamp"/> of a stream with <paramref name="clockRate"/> ticks a second.</summary>
    public NtpTime NtpAt(RtpTimestamp timestamp, int clockRate) =>
        Ntp + TimeSpan.FromTicks(timestamp.DistanceFrom(Timestamp) * TimeSpan.TicksPerSecond / clockRate);

    /// <summary>The stream's timestamp at <paramref name="ntp"/>.</summary>
    public RtpTimestamp TimestampAt(NtpTime ntp, int clockRate) =>
        Timestamp + (long)Math.Round(ntp.Since(Ntp).Ticks * (double)clockRate / TimeSpan.TicksPerSecond);
}
