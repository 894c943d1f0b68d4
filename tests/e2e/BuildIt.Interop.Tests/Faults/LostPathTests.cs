using System.Net;
using BuildIt.Interop.Tests.Adaptive;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>
/// A participant whose way to the node fails: media alone, media and signal together, or another address from one moment to the
/// next. The session goes on with its sid, its tracks and its keys.
/// </summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class LostPathTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Media_comes_back_by_itself_after_a_short_break(bool single)
    {
        await using var scene = await Scene.OpenAsync(conference, single);
        var recording = await Recording.StartAsync(scene.Bob, "alice");
        await Task.Delay(TimeSpan.FromSeconds(1));

        var cut = await recording.NowAsync();
        scene.CutMedia();
        await Task.Delay(TimeSpan.FromSeconds(4));
        var mended = await recording.NowAsync();
        scene.MendMedia();
        await scene.SeeAndHearEachOtherAsync();
        await recording.UpdateAsync();

        var back = recording.Samples.First(s => s.At > mended && s.Frames > recording.Samples.Last(x => x.At <= mended).Frames).At - mended;
        output.WriteLine($"a picture {back:0} ms after media could pass again\n{recording.Describe(cut)}");
        await scene.AssertSameSessionAsync(reconnected: false);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_long_break_of_media_is_resumed_while_the_signal_stays(bool single)
    {
        await using var scene = await Scene.OpenAsync(conference, single);
        scene.CutMedia();
        await scene.Alice.EventuallyAsync(Patience, async () =>
            (await scene.Alice.EventsAsync()).Any(e => e is "reconnecting" or "signalReconnecting") ? null : "alice does not notice that media is gone");
        scene.MendMedia();
        await scene.Alice.RaisesAsync("reconnected", Patience);
        await scene.SeeAndHearEachOtherAsync();
        await scene.AssertSameSessionAsync(reconnected: true);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 3)]
    [InlineData(true, 8)]
    [InlineData(false, 8)]
    public async Task Everything_cut_for_some_seconds_is_resumed(bool single, int seconds)
    {
        await using var scene = await Scene.OpenAsync(conference, single);
        scene.CutMedia();
        scene.Signal.Cut();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        scene.MendMedia();
        scene.Signal.Mend();
        await scene.Alice.RaisesAsync("reconnected", Patience);
        await scene.SeeAndHearEachOtherAsync();
        await scene.AssertSameSessionAsync(reconnected: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_address_that_changes_is_followed_without_a_new_handshake(bool single)
    {
        await using var scene = await Scene.OpenAsync(conference, single);
        var toBob = await Recording.StartAsync(scene.Bob, "alice");
        var toAlice = await Recording.StartAsync(scene.Alice, "bob");
        await Task.Delay(TimeSpan.FromSeconds(1));
        var start = await toBob.NowAsync();
        for (var move = 0; move < 3; move++)
        {
            scene.Media.MoveClients();
            await scene.SeeAndHearEachOtherAsync();
        }

        await toBob.UpdateAsync();
        await toAlice.UpdateAsync();
        var (still, back) = (toBob.LongestStill(start, double.MaxValue), toAlice.LongestStill(start, double.MaxValue));
        output.WriteLine($"longest time without a picture: from the one who moves {still.TotalMilliseconds:0} ms, to the one who moves {back.TotalMilliseconds:0} ms");
        await scene.AssertSameSessionAsync(reconnected: false);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_network_with_another_address_is_followed_by_an_ice_restart(bool single)
    {
        await using var scene = await Scene.OpenAsync(conference, single);
        var before = await scene.CredentialsAsync();
        scene.Signal.Cut();
        scene.Media.MoveClients();
        await scene.Alice.RaisesAsync("signalReconnecting", Patience);
        scene.Signal.Mend();
        await scene.Alice.RaisesAsync("reconnected", Patience);
        await scene.SeeAndHearEachOtherAsync();

        var after = await scene.CredentialsAsync();
        Assert.Empty(before.Intersect(after));
        await scene.AssertSameSessionAsync(reconnected: true);
    }

    /// <summary>Alice, whose signal and media pass through proxies, and bob, who has a clear way; both publish.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly Meeting _meeting;
        private RoomState _before = null!;
        private long _handshakes;

        private Scene(ConferenceFixture conference)
        {
            Media = new ImpairedUdpProxy(new IPEndPoint(IPAddress.Loopback, conference.Node.UdpPort), seed: 9);
            Signal = new SignalProxy(conference.Node.NearUrl);
            _meeting = conference.NewMeeting();
        }

        public ImpairedUdpProxy Media { get; }

        public SignalProxy Signal { get; }

        public BrowserParticipant Alice { get; private set; } = null!;

        public BrowserParticipant Bob { get; private set; } = null!;

        public static async Task<Scene> OpenAsync(ConferenceFixture conference, bool single)
        {
            var scene = new Scene(conference);
            scene.Alice = await scene._meeting.JoinAsync("alice", o => o with { Single = single, Url = scene.Signal.WebSocketUrl }, initialScript: MediaRoute.Script(scene.Media.Port));
            scene.Bob = await scene._meeting.JoinAsync("bob", o => o with { Single = single, Url = conference.Node.FarUrl });
            await scene.Alice.PublishAsync(width: 320, height: 180);
            await scene.Bob.PublishAsync(width: 320, height: 180);
            await scene.SeeAndHearEachOtherAsync();
            Assert.True(scene.Media.BytesToClient > 10_000 && scene.Media.Handshakes > 0, "media does not pass the proxy");
            scene._before = await scene.Alice.StateAsync();
            scene._handshakes = scene.Media.Handshakes;
            await scene.Alice.ForgetEventsAsync();
            await scene.Bob.ForgetEventsAsync();
            return scene;
        }

        public void CutMedia() => (Media.ToClient, Media.ToServer) = (LinkConditions.Cut, LinkConditions.Cut);

        public void MendMedia() => (Media.ToClient, Media.ToServer) = (LinkConditions.Clear, LinkConditions.Clear);

        public async Task SeeAndHearEachOtherAsync()
        {
            await Bob.SeesAndHearsAsync(["alice"], Patience);
            await Alice.SeesAndHearsAsync(["bob"], Patience);
        }

        /// <summary>The ICE user name fragments in force at alice, hers and the node's.</summary>
        public Task<string[]> CredentialsAsync() => Alice.CallAsync<string[]>("harness.iceCredentials()");

        /// <summary>Same sid, same tracks, same keys; nobody saw anybody leave.</summary>
        public async Task AssertSameSessionAsync(bool reconnected)
        {
            var after = await Alice.StateAsync();
            Assert.Equal(_before.Sid, after.Sid);
            Assert.Equal(_before.Published, after.Published);
            Assert.Equal(_handshakes, Media.Handshakes);
            var own = await Alice.EventsAsync();
            Assert.Equal(reconnected, own.Contains("reconnected"));
            foreach (var events in new[] { own, await Bob.EventsAsync() })
            {
                Assert.DoesNotContain("participantDisconnected", events);
                Assert.DoesNotContain("trackUnsubscribed", events);
                Assert.DoesNotContain("localTrackUnpublished", events);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _meeting.DisposeAsync();
            await Signal.DisposeAsync();
            await Media.DisposeAsync();
        }
    }
}
