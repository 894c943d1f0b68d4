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
        Assert.True((await Traffic.OfAsync(all[1], "alice", "received", "data")).Passed >= 3);
    }
}
