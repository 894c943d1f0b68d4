using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// Records the arrival of every packet of one peer connection by its transport-wide sequence number and reports them to the sender
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01), every 100 ms on a slow link down to every 50 ms on a fast one.
/// </summary>
public sealed class TransportFeedbackGenerator(Ssrc sender)
{
    private const int Window = 4096;

    private static readonly TimeSpan SlowInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FastInterval = TimeSpan.FromMilliseconds(50);

    // About 1 Mbps of full packets; from there on finer feedback costs little beside the media.
    private const int FastPacketsPerReport = 10;

    private readonly long[] _arrivals = NewWindow();
    private SequenceUnwrapper _unwrapper;
    private long _next;
    private Ssrc _media;
    private byte _feedbackCount;
    private int _sinceReport;
    private TimeSpan _interval = SlowInterval;

    /// <summary>When the next report is due; <see cref="Instant.Never"/> when nothing arrived since the last.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Notes a packet.</summary>
    public void OnPacket(ushort transportSequence, Ssrc media, Instant now)
    {
        var started = _unwrapper.HasStarted;
        var highest = _unwrapper.Highest;
        var sequence = _unwrapper.Peek(transportSequence);
        if (started && sequence <= highest - Window)
            return;
        if (!started)
            _next = sequence;
        else if (sequence > highest)
            Clear(highest + 1, sequence);
        _unwrapper.Unwrap(transportSequence);

        if (_arrivals[sequence % Window] == TransportFeedbackWriter.NotReceived)
        {
            _arrivals[sequence % Window] = now.Microseconds;
            _sinceReport++;
            // A packet that comes after it was reported missing is reported again.
            _next = Math.Min(_next, sequence);
        }

        _next = Math.Max(_next, _unwrapper.Highest - Window + 1);
        _media = media;
        if (NextDeadline == Instant.Never)
            NextDeadline = now + _interval;
    }

    /// <summary>
    /// Builds one report when it is due; returns its length or 0. Call until it returns 0, because one report has a bounded size.
    /// </summary>
    /// <param name="now">Current time.</param>
    /// <param name="destination">At least <see cref="TransportFeedbackWriter.MaxLength"/> bytes.</param>
    public int TakeDue(Instant now, Span<byte> destination)
    {
        if (now < NextDeadline || NextDeadline == Instant.Never)
            return 0;

        Span<long> arrivals = stackalloc long[TransportFeedbackWriter.MaxStatuses];
        var count = (int)Math.Min(_unwrapper.Highest - _next + 1, arrivals.Length);
        var received = 0;
        for (var i = 0; i < count; i++)
        {
            arrivals[i] = _arrivals[(_next + i) % Window];
            if (arrivals[i] != TransportFeedbackWriter.NotReceived)
                received = i + 1;
        }

        // Losses after the last arrival of this chunk are reported with the next one.
        if (received == 0)
        {
            _next += count;
            if (_next > _unwrapper.Highest)
                FinishRound();
            return 0;
        }

        var length = TransportFeedbackWriter.Write(
            sender, _media, (ushort)_next, _feedbackCount++, arrivals[..received], destination, out var reported);
        _next += reported;
        if (_next > _unwrapper.Highest)
            FinishRound();
        return length;
    }

    private void FinishRound()
    {
        _interval = _sinceReport >= FastPacketsPerReport ? FastInterval : SlowInterval;
        _sinceReport = 0;
        NextDeadline = Instant.Never;
    }

    private void Clear(long from, long to)
    {
        if (to - from >= Window)
        {
            Array.Fill(_arrivals, TransportFeedbackWriter.NotReceived);
            return;
        }

        for (var sequence = from; sequence <= to; sequence++)
            _arrivals[sequence % Window] = TransportFeedbackWriter.NotReceived;
    }

    private static long[] NewWindow()
    {
        var window = new long[Window];
        Array.Fill(window, TransportFeedbackWriter.NotReceived);
        return window;
    }
}
