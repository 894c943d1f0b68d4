using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Speakers;

/// <summary>
/// How loud one participant was over the last observation window, from the levels of its audio packets (RFC 6464): the share of time over
/// the threshold decides whether it speaks, the loudest level says how loud, and both are smoothed.
/// </summary>
public sealed class AudioLevelWindow(SpeakerOptions options)
{
    private const byte Silence = 127;

    private byte _loudest = Silence;
    private TimeSpan _active;
    private TimeSpan _observed;
    private Instant _lastPacket;
    private double _smoothed;

    /// <summary>Smoothed loudness from 0 to 1; 0 when the participant does not speak.</summary>
    public float Level => (float)_smoothed;

    /// <summary>
    /// Notes a packet. <paramref name="level"/> is in -dBov, 0 the loudest; <paramref name="duration"/> is the audio in the packet.
    /// </summary>
    public void Observe(byte level, TimeSpan duration, Instant now)
    {
        _lastPacket = now;
        _observed += duration;
        if (level <= options.ThresholdDecibels)
        {
            _active += duration;
            _loudest = Math.Min(_loudest, level);
        }

        if (_observed >= options.Window)
            CloseWindow();
    }

    /// <summary>Level after letting it fall when packets have stopped (mute, DTX).</summary>
    public float LevelAt(Instant now)
    {
        if (_smoothed > 0 && now - _lastPacket > options.Window)
        {
            _smoothed = 0;
            ResetWindow();
        }

        return Level;
    }

    private void CloseWindow()
    {
        var target = 0.0;
        if (_active >= options.Window * options.ActivityShare)
        {
            // Weighted by activity, so that short sounds count as less loud: +6 dB for every doubling of time.
            var weighted = _loudest - 20 * Math.Log10(_active / options.Window);
            target = Math.Pow(10, -weighted / 20);
        }

        var factor = options.SmoothIntervals > 0 ? 2.0 / (options.SmoothIntervals + 1) : 1.0;
        _smoothed += (target - _smoothed) * factor;
        if (_smoothed < SpeakerOptions.Inaudible)
            _smoothed = 0;
        _smoothed = Math.Min(_smoothed, 1);
        ResetWindow();
    }

    private void ResetWindow()
    {
        _loudest = Silence;
        _active = _observed = TimeSpan.Zero;
    }
}

/// <summary>When somebody counts as speaking.</summary>
public sealed record SpeakerOptions
{
    /// <summary>Levels under this are not heard: the threshold itself, -35 dBov, is a level of 0.018.</summary>
    internal const double Inaudible = 0.002;

    /// <summary>Observation window.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Packets at most this many dB under overload count as sound.</summary>
    public byte ThresholdDecibels { get; init; } = 35;

    /// <summary>Share of the window that must be sound, 0 to 1.</summary>
    public double ActivityShare { get; init; } = 0.4;

    /// <summary>Windows over which the level is smoothed.</summary>
    public int SmoothIntervals { get; init; } = 2;
}
