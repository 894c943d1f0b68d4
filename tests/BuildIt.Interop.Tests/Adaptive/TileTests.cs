using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>What is shown decides what is sent: small tiles get the low layer, hidden ones nothing, unwatched layers are not even sent to the node.</summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class TileTests(ConferenceFixture conference)
{
    private const string Tile = "document.querySelector('#tiles video')";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>What the issue allows for a layer that nobody watches.</summary>
    private static readonly TimeSpan StopsWithin = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tiles_get_what_they_show_and_unwatched_layers_stop(bool single)
    {
        await using var meeting = conference.NewMeeting();
        var publisher = await meeting.JoinAsync("publisher", o => o with { Single = single, Dynacast = true });
        var subscriber = await meeting.JoinAsync("subscriber", o => o with { Single = single, AdaptiveStream = true });
        await publisher.PublishAsync(width: 640, height: 360);
        await subscriber.Page.AddStyleTagAsync(new() { Content = "video { width: 640px; height: 360px; }" });
        await subscriber.SeesAndHearsAsync(["publisher"], Patience);
        await WidthBecomesAsync(subscriber, 640);
        // The grace time of a new track, in which nothing is stopped, goes by.
        await Task.Delay(TimeSpan.FromSeconds(10));

        await subscriber.Page.EvaluateAsync($"() => {{ const tile = {Tile}; tile.style.width = '160px'; tile.style.height = '90px'; }}");
        await WidthBecomesAsync(subscriber, 320);
        await SilentAsync(publisher, "h");
        await subscriber.SeesAndHearsAsync(["publisher"], Patience);

        await subscriber.Page.EvaluateAsync($"() => {{ {Tile}.style.display = 'none'; }}");
        await ReceivesNoVideoAsync(subscriber);
        await SilentAsync(publisher, "q");
        await subscriber.SeesAndHearsAsync(["publisher"], Patience, video: false);

        await subscriber.Page.EvaluateAsync($"() => {{ const tile = {Tile}; tile.style.display = ''; tile.style.width = '640px'; tile.style.height = '360px'; }}");
        await WidthBecomesAsync(subscriber, 640);
        await subscriber.SeesAndHearsAsync(["publisher"], Patience);
    }

    private static Task WidthBecomesAsync(BrowserParticipant subscriber, int width) =>
        subscriber.EventuallyAsync(Patience, async () =>
        {
            var video = (await subscriber.ReceivedAsync()).FirstOrDefault(t => t.Kind == "video");
            return video?.Width == width ? null : $"width is {video?.Width}, not {width}";
        });

    /// <summary>The publisher's layer stops within the limit: its bytes stand still for two seconds.</summary>
    private static async Task SilentAsync(BrowserParticipant publisher, string rid)
    {
        long last = -1;
        var since = DateTimeOffset.UtcNow;
        await publisher.EventuallyAsync(StopsWithin + TimeSpan.FromSeconds(2), async () =>
        {
            var layers = (await publisher.SentAsync()).Where(l => l.Kind == "video").ToList();
            Assert.Contains(layers, l => l.Rid == rid);
            var bytes = layers.Where(l => l.Rid == rid).Sum(l => l.Bytes);
            if (bytes != last)
            {
                (last, since) = (bytes, DateTimeOffset.UtcNow);
            }

            return DateTimeOffset.UtcNow - since >= TimeSpan.FromSeconds(2) ? null : $"layer {rid} is still sent: {bytes} bytes";
        });
    }

    private static async Task ReceivesNoVideoAsync(BrowserParticipant subscriber)
    {
        long last = -1;
        var since = DateTimeOffset.UtcNow;
        await subscriber.EventuallyAsync(TimeSpan.FromSeconds(8), async () =>
        {
            var packets = (await subscriber.ReceivedAsync()).Where(t => t.Kind == "video").Sum(t => t.Packets);
            if (packets != last)
            {
                (last, since) = (packets, DateTimeOffset.UtcNow);
            }

            return DateTimeOffset.UtcNow - since >= TimeSpan.FromSeconds(2) ? null : "the hidden tile still gets packets";
        });
    }
}
