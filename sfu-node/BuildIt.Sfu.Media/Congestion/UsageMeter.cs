using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>Says whether the sender uses what it is allowed. While it does not, a quiet path is no proof of capacity.</summary>
internal sealed class UsageMeter
{
    private const double StartBelow = 0.65;
    private const double EndAbove = 0.8;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    private Instant _windowStart;
    private long _windowBytes;

    public UsageMeter(Instant now) => _windowStart = now;

    /// <summary>Sending is limited by what there is to send, not by the estimate.</summary>
    public bool IsApplicationLimited { get; private set; }

    public void OnSent(int bytes, DataRate allowed, Instant now)
    {
        TimeSpan elapsed = now - _windowStart;
        if (elapsed >= Window)
        {
            double used = new DataSize(_windowBytes).Per(elapsed).BitsPerSecond / (double)Math.Max(1, allowed.BitsPerSecond);
            IsApplicationLimited = used < StartBelow || (IsApplicationLimited && used < EndAbove);
            _windowStart = now;
            _windowBytes = 0;
        }

        _windowBytes += bytes;
    }
}
