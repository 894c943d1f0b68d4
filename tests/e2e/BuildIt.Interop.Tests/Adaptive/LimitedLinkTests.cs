using System.Net;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>A subscriber whose link gets worse and better again, behind an impairing proxy; the publisher's link is clear.</summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class LimitedLinkTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private const int High = 640;
    private const int Low = 320;

    /// <summary>Of the browser's picture the high layer takes 150 to 220 kbit/s and the lowest 50; sound takes 54, and 130 while it beeps.</summary>
    private const int LessThanHigh = 200_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan LimitedFor = TimeSpan.FromSeconds(12);

    [Theory]
    [InlineData(LessThanHigh, 0, 20)]
    [InlineData(LessThanHigh, 0.05, 100)]
    public async Task Video_falls_to_a_lower_layer_and_returns(int bitsPerSecond, double loss, int delayMilliseconds)
    {
        await using var proxy = new ImpairedUdpProxy(new IPEndPoint(IPAddress.Loopback, conference.Node.UdpPort), seed: 7);
        await using var meeting = conference.NewMeeting();
        var publisher = await meeting.JoinAsync("publisher", o => o with { Url = conference.Node.FarUrl });
        var subscriber = await meeting.JoinAsync("subscriber", o => o with { Url = conference.Node.NearUrl }, initialScript: MediaRoute.Script(proxy.Port));
        await publisher.PublishAsync(width: High, height: 360);
        await subscriber.SeesAndHearsAsync(["publisher"], Patience);
        var recording = await Recording.StartAsync(subscriber, "publisher");
        using var machine = StallMeter.Start();
        await WidthBecomesAsync(subscriber, High, Patience);
        await Task.Delay(TimeSpan.FromSeconds(2));

        var limited = await recording.NowAsync();
        proxy.ToClient = new LinkConditions { BitsPerSecond = bitsPerSecond, Loss = loss, Delay = TimeSpan.FromMilliseconds(delayMilliseconds) };
        await Task.Delay(LimitedFor);
        var lifted = await recording.NowAsync();
        proxy.ToClient = LinkConditions.Clear;
        await Task.Delay(TimeSpan.FromSeconds(10.5));
        await recording.UpdateAsync();
        var story = $"limited at 0, lifted at {(lifted - limited) / 1000:0.0} s, dropped {proxy.DroppedToClient}\n{recording.Describe(limited)}";
        output.WriteLine(story);

        var fell = recording.Samples.FirstOrDefault(s => s.At >= limited && s.Width is > 0 and <= Low)?.At - limited;
        var rose = recording.Samples.FirstOrDefault(s => s.At >= lifted && s.Width >= High)?.At - lifted;
        Assert.True(proxy.BytesToClient > 100_000, "media did not pass the proxy");
        Assert.True(fell <= 3000 + machine.Allowance.TotalMilliseconds, $"fell after {fell} ms\n{story}");
        Assert.True(rose <= 10_000 + machine.Allowance.TotalMilliseconds, $"returned after {rose} ms\n{story}");
        Assert.All(
            recording.Samples.Where(s => s.At >= limited + 5000 && s.At < lifted), s => Assert.True(s.Width <= Low, $"a layer too high\n{story}"));
        var still = recording.LongestStill(limited, recording.Samples[^1].At);
        Assert.True(still <= TimeSpan.FromSeconds(1) + machine.Allowance, $"no picture for {still.TotalMilliseconds:0} ms\n{story}");
        var silence = recording.LongestSilence(limited, recording.Samples[^1].At);
        Assert.True(silence <= TimeSpan.FromSeconds(1) + machine.Allowance, $"no sound for {silence.TotalMilliseconds:0} ms\n{story}");
        var sound = recording.AudioRate(limited, lifted);
        var usual = recording.AudioRate(lifted + 2000, recording.Samples[^1].At);
        Assert.True(sound >= usual * 0.8 * (1 - loss), $"{sound:0.0} of {usual:0.0} audio packets a second\n{story}");
    }

    private static Task WidthBecomesAsync(BrowserParticipant subscriber, int width, TimeSpan timeout) =>
        subscriber.EventuallyAsync(timeout, async () =>
        {
            var tracks = await subscriber.ReceivedAsync();
            var video = tracks.FirstOrDefault(t => t.Kind == "video");
            return video?.Width == width ? null : $"width is {video?.Width}, not {width}";
        });
}
