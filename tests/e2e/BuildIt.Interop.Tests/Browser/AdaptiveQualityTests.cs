namespace BuildIt.Interop.Tests.Browser;

/// <summary>Viewers get the layer that fits their tile and link; what nobody watches is not sent.</summary>
public sealed class AdaptiveQualityTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private const int Small = 160;
    private const int Middle = 320;
    private const int Large = 960;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task A_tile_gets_the_layer_that_fits_it(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await WatchAsync(meeting, first, second, o => o with { Single = single, AdaptiveStream = true });
        await bob.RunAsync("harness.resizeTile('alice', 160, 90)");
        await SeesWidthAsync(alice, bob, Small);
        await bob.RunAsync("harness.resizeTile('alice', 960, 540)");
        await SeesWidthAsync(alice, bob, Large);
        await bob.RunAsync("harness.resizeTile('alice', 320, 180)");
        await SeesWidthAsync(alice, bob, Middle);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task A_hidden_tile_gets_nothing_until_it_is_shown(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var (_, bob) = await WatchAsync(meeting, first, second, o => o with { AdaptiveStream = true });
        await bob.RunAsync("harness.showTile('alice', false)");
        await bob.EventuallyAsync(Patience, async () => await ReceivesNothingAsync(bob) ? null : "pictures still arrive");
        await bob.RunAsync("harness.showTile('alice', true)");
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task A_quality_chosen_by_hand_is_sent(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await WatchAsync(meeting, first, second, o => o);
        await SeesWidthAsync(alice, bob, Large);
        await bob.RunAsync("harness.setQuality('alice', 'LOW')");
        await SeesWidthAsync(alice, bob, Small);
        await bob.RunAsync("harness.setQuality('alice', 'MEDIUM')");
        await SeesWidthAsync(alice, bob, Middle);
        await bob.RunAsync("harness.setEnabled('alice', false)");
        await bob.EventuallyAsync(Patience, async () => await ReceivesNothingAsync(bob) ? null : "pictures still arrive");
        await bob.RunAsync("harness.setEnabled('alice', true)");
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task A_layer_that_nobody_watches_stops_and_comes_back(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await WatchAsync(meeting, first, second, o => o with { Dynacast = true });
        await SeesWidthAsync(alice, bob, Large);
        await bob.RunAsync("harness.setQuality('alice', 'LOW')");
        await SeesWidthAsync(alice, bob, Small);
        await SendsAsync(alice, "q");

        await bob.RunAsync("harness.setQuality('alice', 'HIGH')");
        await SeesWidthAsync(alice, bob, Large);
        await bob.RunAsync("harness.setEnabled('alice', false)");
        await SendsAsync(alice);
        await bob.RunAsync("harness.setEnabled('alice', true)");
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await SeesWidthAsync(alice, bob, Large);
    }

    [Fact]
    public async Task The_publisher_serves_its_most_demanding_viewer()
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await WatchAsync(meeting, BrowserKind.Chromium, BrowserKind.Chromium, o => o with { Dynacast = true });
        var carol = await meeting.JoinAsync("carol");
        await bob.RunAsync("harness.setQuality('alice', 'LOW')");
        await SeesWidthAsync(alice, bob, Small);
        await SeesWidthAsync(alice, carol, Large);
        await carol.RunAsync("harness.room.disconnect()");
        await SendsAsync(alice, "q");
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    /// <summary>Alice publishes three layers and bob watches them.</summary>
    private static async Task<(BrowserParticipant Alice, BrowserParticipant Bob)> WatchAsync(
        Meeting meeting, BrowserKind first, BrowserKind second, Func<JoinOptions, JoinOptions> configure)
    {
        var alice = await meeting.JoinAsync("alice", configure, kind: first);
        var bob = await meeting.JoinAsync("bob", configure, kind: second);
        await alice.PublishAsync(width: 960, height: 540);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        return (alice, bob);
    }

    private static Task SeesWidthAsync(BrowserParticipant publisher, BrowserParticipant viewer, int width) =>
        viewer.EventuallyAsync(Patience, async () =>
        {
            var video = await viewer.ReceivedAsync("alice", "video");
            return video.Width == width ? null : $"{viewer.Identity} sees {video.Width} wide instead of {width}: {video}; sent are {Describe(await publisher.SentAsync())}";
        });

    private static async Task<bool> ReceivesNothingAsync(BrowserParticipant viewer)
    {
        var before = await viewer.ReceivedAsync("alice", "video");
        await Task.Delay(TimeSpan.FromSeconds(1));
        return (await viewer.ReceivedAsync("alice", "video")).Packets == before.Packets;
    }

    /// <summary>
    /// Waits until only the layers <paramref name="rids"/> are encoded and sent. How soon that is after nobody watches the others is tested
    /// in virtual time: here the browser has to be given time to hear of it.
    /// </summary>
    private static Task SendsAsync(BrowserParticipant publisher, params string[] rids) =>
        publisher.EventuallyAsync(Patience, async () =>
        {
            var before = await publisher.SentAsync();
            await Task.Delay(TimeSpan.FromSeconds(1));
            var after = await publisher.SentAsync();
            var sending = after
                .Where(l => l.Kind == "video" && l.Frames > before.First(b => b.Sid == l.Sid && b.Rid == l.Rid).Frames)
                .Select(l => l.Rid).Order();
            return sending.SequenceEqual(rids) ? null : $"{publisher.Identity} sends {string.Join(", ", sending)}: {Describe(after)}";
        });

    private static string Describe(IEnumerable<SentLayer> layers) => string.Join(", ", layers.Where(layer => layer.Kind == "video"));
}
