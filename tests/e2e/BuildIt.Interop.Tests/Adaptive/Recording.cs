using System.Globalization;
using System.Text;
using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>What a participant received of another, ten times a second.</summary>
internal sealed class Recording(BrowserParticipant participant)
{
    private IReadOnlyList<Sample> _samples = [];

    public IReadOnlyList<Sample> Samples => _samples;

    /// <summary>Begins anew.</summary>
    public static async Task<Recording> StartAsync(BrowserParticipant participant, string identity)
    {
        await participant.Page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Pages", "recorder.js")));
        await participant.RunAsync($"recorder.start('{identity}')");
        return new Recording(participant);
    }

    /// <summary>Brings <see cref="Samples"/> up to date.</summary>
    public async Task UpdateAsync() => _samples = await participant.CallAsync<List<Sample>>("recorder.samples");

    /// <summary>The clock that samples bear: milliseconds of the page.</summary>
    public Task<double> NowAsync() => participant.CallAsync<double>("performance.timeOrigin + performance.now()");

    /// <summary>The longest time without a decoded frame between two moments.</summary>
    public TimeSpan LongestStill(double from, double to) => RecordedGaps.LongestStill(_samples, from, to);

    /// <summary>The longest time without an audio packet between two moments.</summary>
    public TimeSpan LongestSilence(double from, double to) => RecordedGaps.LongestSilence(_samples, from, to);

    /// <summary>Audio packets a second between two moments.</summary>
    public double AudioRate(double from, double to)
    {
        var span = _samples.Where(s => s.At >= from && s.At <= to).ToList();
        return (span[^1].AudioPackets - span[0].AudioPackets) * 1000 / (span[^1].AudioAt - span[0].AudioAt);
    }

    /// <summary>One line for each half second, for failure messages and reports.</summary>
    public string Describe(double from)
    {
        var text = new StringBuilder();
        Sample? last = null;
        foreach (var sample in _samples)
        {
            if (last is not null && sample.At - last.At < 480)
            {
                continue;
            }

            var kilobits = last is null ? 0 : (sample.Bytes - last.Bytes) * 8 / (sample.At - last.At);
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(sample.At - from) / 1000,6:0.0} s  width {sample.Width,4}  {kilobits,5:0} kbit/s  frames {sample.Frames - (last?.Frames ?? 0),3}  key frames {sample.KeyFrames}  freezes {sample.Freezes} ({sample.FreezeSeconds:0.00} s)  audio {sample.AudioPackets - (last?.AudioPackets ?? 0)}  {sample.StreamState}"));
            last = sample;
        }

        return text.ToString();
    }

    /// <summary>One reading.</summary>
    /// <param name="At">When the video was read, in milliseconds of the page's clock.</param>
    /// <param name="AudioAt">When the sound was read: on a busy page another time.</param>
    /// <param name="Frames">Frames decoded so far.</param>
    /// <param name="Width">Width of the last one.</param>
    /// <param name="Bytes">Bytes of video so far.</param>
    /// <param name="Freezes">Freezes as the browser counts them.</param>
    /// <param name="FreezeSeconds">How long they were together.</param>
    /// <param name="FrameDelay">Seconds between consecutive frames, added up.</param>
    /// <param name="SquaredFrameDelay">Their squares, added up.</param>
    /// <param name="KeyFrames">Key frames decoded so far.</param>
    /// <param name="AudioPackets">Packets of sound so far.</param>
    /// <param name="Energy">Energy of the sound so far.</param>
    /// <param name="StreamState">Whether the node says that it sends the video.</param>
    internal sealed record Sample(
        double At,
        double AudioAt,
        long Frames,
        int Width,
        long Bytes,
        int Freezes,
        double FreezeSeconds,
        double FrameDelay,
        double SquaredFrameDelay,
        int KeyFrames,
        long AudioPackets,
        double Energy,
        string? StreamState);
}
