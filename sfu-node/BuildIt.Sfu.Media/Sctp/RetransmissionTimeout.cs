namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Retransmission timeout from round-trip times (RFC 9260 section 6.3.1).</summary>
internal sealed class RetransmissionTimeout(SctpOptions options)
{
    private TimeSpan _variation;

    public TimeSpan Current { get; private set; } = options.RtoInitial;

    /// <summary>Smoothed round-trip time; zero before the first measurement.</summary>
    public TimeSpan SmoothedRtt { get; private set; }

    public void Measured(TimeSpan rtt)
    {
        if (rtt < TimeSpan.Zero)
        {
            return;
        }

        if (SmoothedRtt == TimeSpan.Zero)
        {
            SmoothedRtt = rtt;
            _variation = rtt / 2;
        }
        else
        {
            _variation = _variation * 0.75 + (SmoothedRtt - rtt).Duration() * 0.25;
            SmoothedRtt = SmoothedRtt * 0.875 + rtt * 0.125;
        }

        Current = Clamp(SmoothedRtt + _variation * 4);
    }

    /// <summary>Doubles after an expiry (rule E2).</summary>
    public void BackOff() => Current = Clamp(Current * 2);

    private TimeSpan Clamp(TimeSpan value) => value < options.RtoMin ? options.RtoMin : value > options.RtoMax ? options.RtoMax : value;
}
