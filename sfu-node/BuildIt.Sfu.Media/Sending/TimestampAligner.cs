using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>Chooses the outgoing timestamp of the first packet of a new layer so that subscribers see no jump in time.</summary>
internal static class TimestampAligner
{
    // Layers of one frame leave the encoder together; a larger disagreement means that a sender report is wrong.
    private static readonly TimeSpan MaxDisagreement = TimeSpan.FromMilliseconds(500);

    /// <param name="timestamp">First timestamp of the new layer.</param>
    /// <param name="clock">Its sender clock.</param>
    /// <param name="oldClock">Sender clock of the layer before.</param>
    /// <param name="oldOffset">What was added to that layer's timestamps.</param>
    /// <param name="last">Last timestamp sent.</param>
    /// <param name="sinceLast">Time since the frame with that timestamp was sent.</param>
    /// <param name="clockRate">Ticks a second of both layers.</param>
    public static RtpTimestamp Align(
        RtpTimestamp timestamp, in SenderClock clock, in SenderClock oldClock, uint oldOffset, RtpTimestamp last, TimeSpan sinceLast, int clockRate)
    {
        var byArrival = last + Math.Max(1, sinceLast.Ticks * clockRate / TimeSpan.TicksPerSecond);
        if (!clock.IsKnown || !oldClock.IsKnown)
            return byArrival;

        // Same capture instant on the publisher's NTP clock, expressed on the old layer's timeline.
        var aligned = oldClock.TimestampAt(clock.NtpAt(timestamp, clockRate), clockRate) + oldOffset;
        var disagreement = Math.Abs((long)aligned.DistanceFrom(byArrival)) * TimeSpan.TicksPerSecond / clockRate;
        if (disagreement > MaxDisagreement.Ticks)
            return byArrival;
        // The same frame may have been sent already from the old layer; time never stands still or goes back.
        return aligned.IsNewerThan(last) ? aligned : last + 1;
    }
}
