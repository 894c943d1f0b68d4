using Sample = BuildIt.Interop.Tests.Adaptive.Recording.Sample;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>
/// The longest interruptions in a series of samples. A page that is busy reads late and sees what came before and after at once, so
/// what lies between two samples is not taken for a steady flow.
/// </summary>
internal static class RecordedGaps
{
    /// <summary>The longest time without a decoded frame, from the browser's own sums over the times between frames.</summary>
    public static TimeSpan LongestStill(IReadOnlyList<Sample> samples, double from, double to) =>
        Longest(samples, from, to, sample => sample.At, sample => sample.Frames, static (before, after) =>
        {
            // The largest that a number of values with this sum and this sum of squares can have among them: what is reached when
            // all others are equal (Samuelson's inequality).
            var (count, sum, squares) = (after.Frames - before.Frames, after.FrameDelay - before.FrameDelay, after.SquaredFrameDelay - before.SquaredFrameDelay);
            return (sum + Math.Sqrt((count - 1) * Math.Max(0, count * squares - sum * sum))) / count * 1000;
        });

    /// <summary>The longest time without an audio packet: between two samples, what the packets that came do not account for.</summary>
    public static TimeSpan LongestSilence(IReadOnlyList<Sample> samples, double from, double to)
    {
        // A packet lasts what it lasts most of the time: browsers send silence less often than speech.
        var packet = samples.Zip(samples.Skip(1), (a, b) => (b.AudioAt - a.AudioAt) / Math.Max(1, b.AudioPackets - a.AudioPackets)).Order().ElementAtOrDefault(samples.Count / 2);
        return Longest(samples, from, to, sample => sample.AudioAt, sample => sample.AudioPackets, (before, after) =>
            after.AudioAt - before.AudioAt - (after.AudioPackets - before.AudioPackets - 1) * packet);
    }

    private static TimeSpan Longest(
        IReadOnlyList<Sample> samples, double from, double to, Func<Sample, double> at, Func<Sample, long> count, Func<Sample, Sample, double> within)
    {
        double longest = 0;
        Sample? progress = null;
        Sample? last = null;
        foreach (var sample in samples.Where(s => at(s) >= from && at(s) <= to))
        {
            if (progress is not null && count(sample) <= count(progress))
            {
                longest = Math.Max(longest, at(sample) - at(progress));
            }
            else
            {
                // What has just ended began when the last progress was seen, or after it.
                longest = progress is null ? 0 : Math.Max(longest, within(progress, sample));
                progress = sample;
            }

            last = sample;
        }

        return TimeSpan.FromMilliseconds(last is null ? to - from : longest);
    }
}
