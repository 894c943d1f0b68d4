using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>The conference client's worker in real browsers and through a real node, with keys set by hand.</summary>
public sealed class EncryptedCallTests(EncryptedFixture conference) : IClassFixture<EncryptedFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Roster = ["alice", "bob", "carol"];

    public static TheoryData<BrowserKind, BrowserKind, BrowserKind, string> Kinds => new()
    {
        { BrowserKind.Chromium, BrowserKind.Chromium, BrowserKind.Chromium, "vp8" },
        { BrowserKind.Firefox, BrowserKind.Chromium, BrowserKind.Firefox, "vp8" },
        { BrowserKind.Chromium, BrowserKind.Chromium, BrowserKind.Chromium, "vp9" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Three_with_keys_see_hear_and_write_to_each_other(BrowserKind first, BrowserKind second, BrowserKind third, string codec)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        BrowserParticipant[] all =
        [
            await meeting.JoinAsync("alice", first, o => o with { Codec = codec }),
            await meeting.JoinAsync("bob", second, o => o with { Codec = codec }),
            await meeting.JoinAsync("carol", third, o => o with { Codec = codec }),
        ];
        await meeting.BeginAsync(1, Roster, all);
        await EncryptedMeeting.SendWithAsync(1, all);
        await Task.WhenAll(all.Select(member => member.PublishAsync(dtx: false)));
        foreach (var member in all)
        {
            await member.SeesAndHearsAsync(Roster.Where(other => other != member.Identity), Patience);
            Assert.All(await member.ReceivedAsync(), track => Assert.True(track.Encrypted));
        }

        Assert.Equal($"video/{codec.ToUpperInvariant()}", await all[1].CodecAsync("alice"));
        await all[0].RunAsync("harness.send('to all', { reliable: true, topic: 'chat' })");
        await all[0].RunAsync("harness.sendText('in a stream')");
        await all[0].RunAsync("harness.sendBytes(100000)");
        foreach (var other in all[1..])
        {
            await other.EventuallyAsync(Patience, async () =>
                await other.CallAsync<string>("[...harness.data.map(d => d.text + d.from + d.topic), ...harness.texts.map(t => t.text + t.from), ...harness.bytes.map(b => b.length + b.from)].join()")
                    is "to allalicechat,in a streamalice,100000alice" ? null : "the data of alice is not there");
        }

        Assert.Equal("alice:hello", await all[0].CallAsync<string>("harness.rpc('bob', 'echo', 'hello')"));

        // The worker tells its counts twice a second.
        await all[1].EventuallyAsync(
            Patience, async () => (await Traffic.OfAsync(all[1], "alice", "received", "data")).Passed >= 3 ? null : "what was opened is not counted");
    }
    public static TheoryData<BrowserKind> Senders => [BrowserKind.Chromium, BrowserKind.Firefox];

    [Theory]
    [MemberData(nameof(Senders))]
    public async Task Before_there_is_a_key_no_byte_of_media_leaves(BrowserKind kind)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        var alice = await meeting.JoinAsync("alice", kind);
        var bob = await meeting.JoinAsync("bob");
        await meeting.BeginAsync(1, Roster, bob);
        await alice.PublishAsync(dtx: false);
        // The worker has had frames of both tracks, and it has had them long enough that something would have leaked.
        await alice.EventuallyAsync(Patience, async () =>
            (await Traffic.OfAsync(alice, "alice", "sent", "media")).Dropped.GetValueOrDefault("noKey") > 200 ? null : "the encoders do not run");
        // A key that is there but not yet to be used changes nothing.
        await meeting.BeginAsync(1, Roster, alice);
        var before = (await Traffic.OfAsync(alice, "alice", "sent", "media")).Dropped["noKey"];
        await alice.EventuallyAsync(Patience, async () =>
            (await Traffic.OfAsync(alice, "alice", "sent", "media")).Dropped["noKey"] > before + 100 ? null : "the encoders do not run");

        Assert.All(await alice.SentAsync(), layer => Assert.Equal(0, layer.Bytes));
        Assert.All(await bob.ReceivedAsync(), track => Assert.Equal(0, track.Bytes));
        Assert.Equal(0, (await Traffic.OfAsync(alice, "alice", "sent", "media")).Passed);
        await Assert.ThrowsAnyAsync<Exception>(() => alice.RunAsync("harness.send('too early', { reliable: true })"));
        Assert.Empty(await bob.DataAsync());

        // And what was held back was held back for want of the key alone.
        await EncryptedMeeting.SendWithAsync(1, alice);
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Fact]
    public async Task With_another_key_nothing_is_seen_or_heard()
    {
        await using var meeting = conference.NewEncryptedMeeting();
        await using var others = conference.NewEncryptedMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        var eve = await meeting.JoinAsync("carol");
        await meeting.BeginAsync(1, Roster, alice, bob);
        await others.BeginAsync(1, Roster, eve);
        await EncryptedMeeting.SendWithAsync(1, alice);
        await alice.PublishAsync(dtx: false);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await eve.EventuallyAsync(Patience, async () =>
        {
            var traffic = await Traffic.OfAsync(eve, "alice", "received", "media");
            return traffic.Dropped.GetValueOrDefault("badTag") > 200 ? null : $"too little arrives: {traffic}";
        });
        Assert.Equal(0, (await eve.ReceivedAsync("alice", "video")).FramesDecoded);
        Assert.InRange((await eve.ReceivedAsync("alice", "audio")).Energy, 0, 1e-6);
        Assert.Equal(0, (await Traffic.OfAsync(eve, "alice", "received", "media")).Passed);
        var told = await eve.CallAsync<bool>("harness.events.some(e => e.name === 'encryptionError')");
        Assert.True(told, "nothing was said of frames that do not open");
    }

    [Theory]
    [InlineData(BrowserKind.Chromium)]
    [InlineData(BrowserKind.Firefox)]
    public async Task A_new_epoch_stops_no_picture_for_a_second(BrowserKind kind)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        var alice = await meeting.JoinAsync("alice", kind);
        var bob = await meeting.JoinAsync("bob");
        await meeting.BeginAsync(1, Roster, alice, bob);
        await EncryptedMeeting.SendWithAsync(1, alice, bob);
        await alice.PublishAsync(dtx: false);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await bob.RunAsync("harness.watchPictures('alice')");
        for (var epoch = 2u; epoch <= 6; epoch++)
        {
            await meeting.BeginAsync(epoch, Roster, alice, bob);
            await EncryptedMeeting.SendWithAsync(epoch, alice, bob);
            await bob.SeesAndHearsAsync(["alice"], Patience);
        }

        // The pictures come fifteen times a second; what is measured is the longest time that one stood.
        var gap = await bob.CallAsync<double>("harness.longestGap()");
        Assert.InRange(gap, 0, 1000);
        var received = await Traffic.OfAsync(bob, "alice", "received", "media");
        Assert.Equal(0, received.Dropped.GetValueOrDefault("badTag"));
    }
}
