namespace BuildIt.Sfu.Media.Quality;

/// <summary>How well a participant is connected; the values are those of the wire protocol.</summary>
public enum LinkQuality : byte
{
    Poor = 0,
    Good = 1,
    Excellent = 2,
    Lost = 3,
}

/// <summary>What one stream of a participant went through since the last score.</summary>
/// <param name="IsAudio">Audio suffers from loss more than video, which is repaired.</param>
/// <param name="PacketsExpected">Packets sent or expected; 0 when the stream was silent on purpose (DTX, mute, pause by the subscriber).</param>
/// <param name="PacketsLost">Packets never received, after repair.</param>
/// <param name="RoundTrip">Round-trip time of the path.</param>
/// <param name="Jitter">Inter-arrival jitter.</param>
/// <param name="LayersExpected">Layers that should be flowing: wanted and announced (1 for audio).</param>
/// <param name="LayersActual">Layers that do flow.</param>
public readonly record struct StreamCondition(
    bool IsAudio, long PacketsExpected, long PacketsLost, TimeSpan RoundTrip, TimeSpan Jitter, int LayersExpected, int LayersActual);

/// <summary>
/// Scores a participant's connection from 1 to 5 after the E-model (ITU-T G.107) in its usual simplification: delay and loss take from a
/// perfect rating; missing video layers take a full point each. The worst stream decides, because that is the one people notice.
/// </summary>
public sealed class ConnectionQuality
{
    private const double Perfect = 93.2;
    private const float ExcellentFrom = 4.1f;
    private const float GoodFrom = 3.0f;

    // Recovery is believed slowly and decline at once.
    private const float RecoveryShare = 0.5f;

    private float _score = 5;

    /// <summary>1 to 5; smoothed when it rises.</summary>
    public float Score => _score;

    public LinkQuality Quality { get; private set; } = LinkQuality.Excellent;

    /// <summary>Takes the conditions of all streams since the last call and returns true when the quality step changed.</summary>
    /// <param name="streams">Streams in both directions; empty when there is nothing to judge, which leaves the score.</param>
    /// <param name="isConnected">False when nothing at all was heard: the quality is lost.</param>
    public bool Update(ReadOnlySpan<StreamCondition> streams, bool isConnected)
    {
        var worst = 5f;
        foreach (var stream in streams)
            worst = Math.Min(worst, ScoreOf(stream));
        if (!isConnected)
            _score = 1;
        else if (!streams.IsEmpty)
            _score = worst < _score ? worst : _score + (worst - _score) * RecoveryShare;

        var quality = !isConnected ? LinkQuality.Lost
            : _score >= ExcellentFrom ? LinkQuality.Excellent
            : _score >= GoodFrom ? LinkQuality.Good
            : LinkQuality.Poor;
        var changed = quality != Quality;
        Quality = quality;
        return changed;
    }

    /// <summary>The score of one stream, 1 to 5.</summary>
    public static float ScoreOf(in StreamCondition stream)
    {
        // Jitter buffers add about twice the jitter to the one-way delay, codecs about 10 ms.
        var delay = stream.RoundTrip.TotalMilliseconds / 2 + 2 * stream.Jitter.TotalMilliseconds + 10;
        var rating = Perfect - (delay < 160 ? delay / 40 : (delay - 120) / 10);
        if (stream.PacketsExpected > 0)
        {
            var percent = 100.0 * Math.Max(0, stream.PacketsLost) / stream.PacketsExpected;
            rating -= percent * (stream.IsAudio ? 2.5 : 4.5);
        }

        rating = Math.Clamp(rating, 0, 100);
        // ITU-T G.107 annex B: rating to mean opinion score, stretched from its ceiling of 4.4 to 5.
        var opinion = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating);
        var score = 1 + (opinion - 1) * 4 / 3.41;
        score -= Math.Max(0, stream.LayersExpected - stream.LayersActual);
        return (float)Math.Clamp(score, 1, 5);
    }
}
