namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Slow start, congestion avoidance and fast recovery (RFC 9260 section 7.2). In bytes.</summary>
internal sealed class CongestionWindow(int segment)
{
    private const int Largest = 4 * 1024 * 1024;

    private int _threshold = Largest;
    private int _partiallyAcked;
    private uint _recoveryEnd;

    public int Size { get; private set; } = Math.Min(4 * segment, Math.Max(2 * segment, 4404));

    public bool InFastRecovery { get; private set; }

    /// <summary>The cumulative acknowledgement moved to <paramref name="cumulative"/>.</summary>
    /// <param name="acked">Bytes newly acknowledged.</param>
    /// <param name="flightBefore">Bytes outstanding when the acknowledgement came.</param>
    /// <param name="cumulative">The acknowledged TSN.</param>
    public void Acknowledged(int acked, int flightBefore, uint cumulative)
    {
        if (InFastRecovery)
        {
            InFastRecovery = Serial.Less(cumulative, _recoveryEnd);
            return;
        }

        var fullyUsed = flightBefore + segment > Size;
        if (Size <= _threshold)
        {
            // Section 7.2.1.
            Size += fullyUsed ? Math.Min(acked, segment) : 0;
        }
        else
        {
            // Section 7.2.2.
            _partiallyAcked += acked;
            if (_partiallyAcked >= Size && fullyUsed)
            {
                _partiallyAcked -= Size;
                Size += segment;
            }
        }

        Size = Math.Min(Size, Largest);
    }

    /// <summary>Section 7.2.4: chunks were reported missing three times.</summary>
    public void LossDetected(uint highestSent)
    {
        if (InFastRecovery)
        {
            return;
        }

        _threshold = Math.Max(Size / 2, 4 * segment);
        Size = _threshold;
        _partiallyAcked = 0;
        InFastRecovery = true;
        _recoveryEnd = highestSent;
    }

    /// <summary>Section 7.2.3: T3-rtx expired.</summary>
    public void TimedOut()
    {
        _threshold = Math.Max(Size / 2, 4 * segment);
        Size = segment;
        _partiallyAcked = 0;
        InFastRecovery = false;
    }
}
