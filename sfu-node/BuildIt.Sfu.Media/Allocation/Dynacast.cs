using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>
/// Tells a publisher up to which quality one codec of its track is watched, so that it need not encode the rest.
/// A rise is told at once; a fall only after it has lasted 5 s, as viewers come and go; nothing falls in the first 10 s,
/// while a room is still filling.
/// </summary>
/// <remarks>Pure; one per track and codec, on the room's loop.</remarks>
public sealed class Dynacast
{
    private static readonly TimeSpan LowerDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan InitialGrace = TimeSpan.FromSeconds(10);

    private readonly Dictionary<ParticipantSid, VideoQualityLevel> _wanted = [];
    private readonly Instant _graceEnd;
    private Instant _lowerAt = Instant.Never;
    private bool _changed;

    /// <param name="now">When the codec begins to be sent.</param>
    /// <param name="highest">What is sent until somebody watches: everything, or nothing of a codec that has to be asked for.</param>
    public Dynacast(Instant now, VideoQualityLevel highest = VideoQualityLevel.High)
    {
        _graceEnd = now + InitialGrace;
        Highest = highest;
    }

    /// <summary>The quality last decided; <see cref="VideoQualityLevel.Off"/> when nobody watches.</summary>
    public VideoQualityLevel Highest { get; private set; }

    /// <summary>What is wanted at this moment, whatever was decided.</summary>
    public VideoQualityLevel Wanted => HighestWanted();

    /// <summary>When a fall takes effect.</summary>
    public Instant NextDeadline => _lowerAt;

    /// <summary>What one subscriber can use at most; off when its tile is hidden.</summary>
    public void SetWanted(ParticipantSid subscriber, VideoQualityLevel quality, Instant now)
    {
        _wanted[subscriber] = quality;
        Consider(now);
    }

    public void Remove(ParticipantSid subscriber, Instant now)
    {
        _wanted.Remove(subscriber);
        Consider(now);
    }

    public void OnTime(Instant now)
    {
        if (now >= _lowerAt)
        {
            _lowerAt = Instant.Never;
            Decide(HighestWanted());
        }
    }

    /// <summary>The decision, once after each change.</summary>
    public bool TryTakeChange(out VideoQualityLevel highest)
    {
        highest = Highest;
        bool changed = _changed;
        _changed = false;
        return changed;
    }

    private void Consider(Instant now)
    {
        VideoQualityLevel wanted = HighestWanted();
        if (Rank(wanted) >= Rank(Highest))
        {
            _lowerAt = Instant.Never;
            Decide(wanted);
        }
        else if (_lowerAt == Instant.Never)
        {
            _lowerAt = Instant.Max(now + LowerDelay, _graceEnd);
        }
    }

    private void Decide(VideoQualityLevel quality)
    {
        _changed |= quality != Highest;
        Highest = quality;
    }

    private VideoQualityLevel HighestWanted()
    {
        VideoQualityLevel highest = VideoQualityLevel.Off;
        foreach (VideoQualityLevel quality in _wanted.Values)
        {
            highest = Rank(quality) > Rank(highest) ? quality : highest;
        }

        return highest;
    }

    /// <summary>The wire's numbers put "off" above "high".</summary>
    private static int Rank(VideoQualityLevel quality) => quality == VideoQualityLevel.Off ? -1 : (int)quality;
}
