using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.NodeSdk;

/// <summary>Unmodified @livekit/rtc-node participants (LiveKit's Rust SDK and libwebrtc) with each other and with browsers.</summary>
public sealed class NativeParticipantTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ScriptedProcess _script = ScriptedProcess.Start("participant.mjs");

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Native_participants_see_and_hear_each_other(bool? single)
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora", single);
        var nils = await JoinAsync(meeting, "nils", single);
        await nora.PublishAsync();
        await nils.PublishAsync();
        await nora.SeesAndHearsAsync(["nils"], Patience);
        await nils.SeesAndHearsAsync(["nora"], Patience);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Browser_and_native_see_and_hear_each_other(bool single)
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora", single);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single });
        await nora.PublishAsync();
        await bob.PublishAsync();
        await nora.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["nora"], Patience);
    }

    [Fact]
    public async Task Browser_and_native_share_an_encrypted_room()
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora", e2eeKey: "open sesame");
        var bob = await meeting.JoinAsync("bob", o => o with { E2eeKey = "open sesame" });
        await nora.PublishAsync();
        await bob.PublishAsync();
        await bob.SeesAndHearsAsync(["nora"], Patience);
        await nora.SeesAndHearsAsync(["bob"], Patience);
        Assert.All(await bob.ReceivedAsync(), t => Assert.True(t.Encrypted));
    }

    [Fact]
    public async Task Attributes_and_metadata_are_seen_by_the_others()
    {
        await using var meeting = conference.NewMeeting();
        var nora = await JoinAsync(meeting, "nora", mayUpdate: true);
        var bob = await meeting.JoinAsync("bob", token: t => t.Grant = t.Grant with { CanUpdateOwnMetadata = true });
        await nora.CallAsync("setAttributes", new Dictionary<string, string> { ["mood"] = "calm" });
        await nora.CallAsync("setMetadata", "of nora");
        await bob.RunAsync("harness.room.localParticipant.setAttributes({ mood: 'bright' })");
        await bob.RunAsync("harness.room.localParticipant.setMetadata('of bob')");
        await nora.EventuallyAsync(Patience, async () =>
        {
            var remotes = await nora.RemotesAsync();
            return remotes is [{ Identity: "bob", Metadata: "of bob" } seen] && seen.Attributes.GetValueOrDefault("mood") == "bright"
                ? null
                : $"nora sees {System.Text.Json.JsonSerializer.Serialize(remotes)}";
        });
        await bob.EventuallyAsync(Patience, async () =>
        {
            var seen = await bob.CallAsync<string[]>("[harness.remote('nora').metadata ?? '', harness.remote('nora').attributes.mood ?? '']");
            return seen is ["of nora", "calm"] ? null : $"bob sees {string.Join(", ", seen)}";
        });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _script.DisposeAsync();

    private Task<NativeParticipant> JoinAsync(Meeting meeting, string identity, bool? single = null, string? e2eeKey = null, bool mayUpdate = false) =>
        NativeParticipant.JoinAsync(_script, conference.Node.WebSocketUrl, meeting.Room, identity, single, e2eeKey, token =>
            token.Grant = token.Grant with { CanUpdateOwnMetadata = mayUpdate });
}
