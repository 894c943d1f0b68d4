using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.NodeSdk;

/// <summary>Data channels between browsers and native participants: packets, calls and streams.</summary>
public sealed class DataTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScriptedProcess _script = ScriptedProcess.Start("participant.mjs");

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task Data_goes_both_ways(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora", single);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: first);
        var carol = await meeting.JoinAsync("carol", o => o with { Single = single }, kind: second);

        // Data can overtake the news of who joined; the SDK then names no sender.
        await nora.HasAsync("both others", i => i.Events.Count(e => (string?)e["name"] == "participantConnected") >= 2, Patience);

        await nora.CallAsync("sendData", "reliable from nora", new { reliable = true, topic = "chat" });
        await nora.CallAsync("sendData", "lossy from nora", new { reliable = false });
        await nora.CallAsync("sendData", "only for carol", new { reliable = true, destination_identities = (string[])["carol"] });
        await bob.RunAsync("harness.send('reliable from bob', { reliable: true, topic: 'chat' })");
        await bob.RunAsync("harness.send('lossy from bob', { reliable: false })");

        await nora.HasAsync("reliable data", i => i.Data.Any(d => d is { Text: "reliable from bob", From: "bob", Topic: "chat", Kind: 0 }), Patience);
        await nora.HasAsync("lossy data", i => i.Data.Any(d => d is { Text: "lossy from bob", From: "bob", Kind: 1 }), Patience);
        await HasDataAsync(bob, new ReceivedData("reliable from nora", "nora", 0, "chat"));
        await HasDataAsync(bob, new ReceivedData("lossy from nora", "nora", 1, null));
        await HasDataAsync(carol, new ReceivedData("only for carol", "nora", 0, null));
        Assert.DoesNotContain(await bob.DataAsync(), d => d.Text == "only for carol");
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task Rpc_goes_both_ways(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora");
        var nils = await JoinAsync(meeting, "nils");
        var bob = await meeting.JoinAsync("bob", kind: first);
        await meeting.JoinAsync("carol", kind: second);
        Assert.Equal("bob:hello", await bob.CallAsync<string>("harness.rpc('nora', 'echo', 'hello')"));
        Assert.Equal("bob:hello", await bob.CallAsync<string>("harness.rpc('carol', 'echo', 'hello')"));
        Assert.Equal("nora:hello", await nora.CallAsync<string>("rpc", "bob", "echo", "hello"));
        Assert.Equal("nora:hello", await nora.CallAsync<string>("rpc", "nils", "echo", "hello"));
        Assert.Equal("1400", await bob.CallAsync<string>("harness.rpc('nils', 'absent', '').catch(e => `${e.code}`)"));
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task Streams_go_both_ways(BrowserKind first, BrowserKind second)
    {
        const int Bytes = 200_000;
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora");
        var bob = await meeting.JoinAsync("bob", kind: first);
        var carol = await meeting.JoinAsync("carol", kind: second);
        var text = new string('ä', 30_000);
        await nora.CallAsync("sendText", text);
        await nora.CallAsync("sendBytes", Bytes);
        await bob.RunAsync("harness.sendText('ä'.repeat(30000))");
        await bob.RunAsync($"harness.sendBytes({Bytes})");
        await nora.HasAsync("the text", i => i.Texts.Any(t => t.Text == text && t.From == "bob"), Patience);
        await nora.HasAsync("the bytes", i => i.Bytes.Any(b => b.Length == Bytes && b.From == "bob"), Patience);
        await carol.EventuallyAsync(Patience, async () =>
            await carol.CallAsync<bool>("harness.texts.some(t => t.from === 'bob' && t.text.length === 30000)") ? null : "carol has no text from bob");
        await bob.EventuallyAsync(Patience, async () =>
        {
            var lengths = await bob.CallAsync<int[]>("[harness.texts.find(t => t.from === 'nora')?.text.length ?? 0, harness.bytes.find(b => b.from === 'nora')?.length ?? 0]");
            return lengths is [30_000, Bytes] ? null : $"bob has {string.Join(' ', lengths)} of the streams";
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _script.DisposeAsync();

    private Task<NativeParticipant> JoinAsync(Meeting meeting, string identity, bool? single = null) =>
        NativeParticipant.JoinAsync(_script, conference.Node.WebSocketUrl, meeting.Room, identity, single);

    private static Task HasDataAsync(BrowserParticipant participant, ReceivedData expected) =>
        participant.EventuallyAsync(Patience, async () =>
        {
            var data = await participant.DataAsync();
            return data.Contains(expected) ? null : $"{participant.Identity} has no {expected} among {string.Join(", ", data)}";
        });
}
