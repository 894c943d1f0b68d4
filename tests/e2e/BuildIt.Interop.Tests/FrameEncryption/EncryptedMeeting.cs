using System.Security.Cryptography;
using System.Text.Json;
using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>A room of pages that encrypt with the conference client's worker, and the keys that a test gives them by hand.</summary>
public sealed class EncryptedMeeting(EncryptedFixture conference, Meeting meeting) : IAsyncDisposable
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    public string Room => meeting.Room;

    /// <summary>Joins a page that has no key yet.</summary>
    public async Task<BrowserParticipant> JoinAsync(string identity, BrowserKind kind = BrowserKind.Chromium, Func<JoinOptions, JoinOptions>? configure = null)
    {
        var participant = await BrowserParticipant.OpenAsync(await conference.BrowserAsync(kind), conference.Pages.Url, identity, page: "/encrypted.html");
        meeting.Add(participant);
        await participant.EventuallyAsync(TimeSpan.FromSeconds(30), async () => await participant.CallAsync<bool>("harness.ready") ? null : "the page has no worker");
        await participant.RunAsync($"harness.encryptAs('{identity}')");
        await participant.JoinAsync(meeting.Configure(identity, configure));
        return participant;
    }

    /// <summary>The 32-byte key of a sender in an epoch.</summary>
    public byte[] Key(string sender, uint epoch) => HMACSHA256.HashData(_secret, JsonSerializer.SerializeToUtf8Bytes(new { sender, epoch }));

    /// <summary>Gives pages the keys of all of <paramref name="roster"/>, without which they send with them.</summary>
    public async Task BeginAsync(uint epoch, string[] roster, params BrowserParticipant[] members)
    {
        var keys = JsonSerializer.Serialize(roster.ToDictionary(sender => sender, sender => Convert.ToHexStringLower(Key(sender, epoch))));
        await Task.WhenAll(members.Select(member => member.RunAsync($"harness.begin({epoch}, {keys})")));
    }

    /// <summary>From now on pages send with an epoch that has begun.</summary>
    public static Task SendWithAsync(uint epoch, params BrowserParticipant[] members) =>
        Task.WhenAll(members.Select(member => member.RunAsync($"harness.sendWith({epoch})")));

    public ValueTask DisposeAsync() => meeting.DisposeAsync();
}

/// <summary>What a page's worker says became of frames or data.</summary>
public sealed record Traffic(string? Participant, string Direction, string Content, long Passed, Dictionary<string, long> Dropped)
{
    public static async Task<Traffic> OfAsync(BrowserParticipant page, string? participant, string direction, string content) =>
        (await page.CallAsync<Traffic[]>("harness.traffic()")).FirstOrDefault(line => (line.Participant, line.Direction, line.Content) == (participant, direction, content))
        ?? new Traffic(participant, direction, content, 0, []);
}
