using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// Asks the publisher of one layer for key frames: merges the wishes of all subscribers, keeps an interval between requests,
/// and repeats until a key frame comes. A layer that has fallen silent is asked less and less often.
/// </summary>
public sealed class KeyFrameRequester(TimeSpan interval)
{
    /// <summary>Interval for the lowest layer, whose key frames are small.</summary>
    public static readonly TimeSpan LowLayerInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Interval for the other layers.</summary>
    public static readonly TimeSpan HighLayerInterval = TimeSpan.FromSeconds(1);

    /// <summary>Requests in vain that may be due to loss.</summary>
    private const int Patience = 3;

    /// <summary>After that each waits twice as long as the one before, up to 32 times the interval.</summary>
    private const int MaxDoublings = 5;

    private Instant _lastSent = Instant.Never;
    private int _inVain;
    private bool _wanted;

    /// <summary>When a request may go out; <see cref="Instant.Never"/> when none is wanted.</summary>
    public Instant NextDeadline => !_wanted ? Instant.Never
        : _lastSent == Instant.Never ? Instant.Zero
        : _lastSent + interval * (1 << Math.Clamp(_inVain - Patience, 0, MaxDoublings));

    /// <summary>True from a wish to the key frame that fulfils it.</summary>
    public bool IsWanted => _wanted;

    /// <summary>Requests sent since the start.</summary>
    public long Sent { get; private set; }

    /// <summary>Notes that somebody needs a key frame.</summary>
    public void Want() => _wanted = true;

    /// <summary>A key frame arrived: everybody who waited is served.</summary>
    public void OnKeyFrame() => _wanted = false;

    /// <summary>Something of the layer arrived: it is there and can be asked.</summary>
    public void OnHeard() => _inVain = 0;

    /// <summary>Forgets the wish, when nobody waits any more.</summary>
    public void Cancel() => _wanted = false;

    /// <summary>True when a request is to be sent now.</summary>
    public bool TakeDue(Instant now)
    {
        if (!_wanted || now < NextDeadline)
            return false;
        _lastSent = now;
        _inVain++;
        Sent++;
        return true;
    }
}
