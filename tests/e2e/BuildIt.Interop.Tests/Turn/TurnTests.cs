using System.Text.Json;
using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Turn;

/// <summary>Clients that reach the node through a TURN server only (RFC 8656), with end-to-end encryption.</summary>
public sealed class TurnTests(TurnFixture conference) : IClassFixture<TurnFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(BrowserKind.Chromium, "udp", true)]
    [InlineData(BrowserKind.Chromium, "tcp", false)]
    [InlineData(BrowserKind.Chromium, "tls", true)]
    [InlineData(BrowserKind.Firefox, "udp", false)]
    [InlineData(BrowserKind.Firefox, "tcp", true)]
    public async Task A_call_goes_through_the_relay(BrowserKind kind, string protocol, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, E2eeKey = "open sesame" }, initialScript: TurnOnly.Script(protocol), kind: kind);
        var bob = await meeting.JoinAsync("bob", o => o with { E2eeKey = "open sesame" });
        await alice.PublishAsync();
        await bob.PublishAsync();
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);

        Assert.All(await bob.ReceivedAsync(), track => Assert.True(track.Encrypted));
        var ways = await alice.WaysAsync();
        Assert.NotEmpty(ways);
        Assert.All(ways, way => Assert.Equal(protocol, way));
    }

    [Fact]
    public async Task A_call_outlives_its_turn_server()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { E2eeKey = "open sesame" }, initialScript: TurnOnly.Script("udp"));
        var bob = await meeting.JoinAsync("bob", o => o with { E2eeKey = "open sesame" });
        await alice.PublishAsync();
        await bob.PublishAsync();
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);

        await conference.Turn.KillAsync();
        await conference.Turn.StartAsync();

        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        Assert.All(await alice.WaysAsync(), way => Assert.Equal("udp", way));
    }

    [Fact]
    public async Task Credentials_are_what_lets_somebody_in()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", initialScript: TurnOnly.Script("udp"));
        var server = (await alice.CallAsync<IceServer[]>("turnOnly.servers")).Single();
        Assert.Equal(
            [$"turn:127.0.0.1:{conference.Turn.Port}?transport=udp", $"turn:127.0.0.1:{conference.Turn.Port}?transport=tcp", $"turns:127.0.0.1:{conference.Turn.TlsPort}?transport=tcp"],
            server.Urls);
        var url = server.Urls[0];

        Assert.Contains(" relay ", Assert.Single(await GatheredAsync(server.Username, server.Credential)), StringComparison.Ordinal);
        Assert.Empty(await GatheredAsync(server.Username, "forged"));
        var (later, _) = conference.Turn.CredentialsUntil(DateTimeOffset.UtcNow.AddDays(1));
        Assert.Empty(await GatheredAsync(later, server.Credential));
        var (user, password) = conference.Turn.CredentialsUntil(DateTimeOffset.UtcNow.AddHours(1));
        Assert.Single(await GatheredAsync(user, password));
        var (past, expired) = conference.Turn.CredentialsUntil(DateTimeOffset.UtcNow.AddSeconds(-10));
        Assert.Empty(await GatheredAsync(past, expired));

        Task<string[]> GatheredAsync(string username, string credential) => alice.CallAsync<string[]>(
            $"turnOnly.gather({JsonSerializer.Serialize(url)}, {JsonSerializer.Serialize(username)}, {JsonSerializer.Serialize(credential)})");
    }

    private sealed record IceServer(string[] Urls, string Username, string Credential);
}
