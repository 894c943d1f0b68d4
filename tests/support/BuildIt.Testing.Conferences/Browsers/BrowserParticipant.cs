using System.Diagnostics;
using System.Text.Json;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>One livekit-client participant in a page of its own.</summary>
public sealed class BrowserParticipant(WebPage page, string identity)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public WebPage Page => page;

    public string Identity => identity;

    public static async Task<BrowserParticipant> OpenAsync(
        WebBrowser browser, string pageUrl, string identity, string? initialScript = null, string page = "/participant.html") =>
        new(await browser.OpenPageAsync(pageUrl + page, initialScript), identity);

    public Task JoinAsync(JoinOptions options) => RunAsync($"harness.join({JsonSerializer.Serialize(options, Json)})");

    /// <summary>
    /// Publishes the fake camera, in three layers when simulcast is on, and the fake microphone: with redundancy (RFC 2198) when asked for,
    /// and sending less often while it is silent (DTX), which it is most of the time.
    /// </summary>
    public Task PublishAsync(bool video = true, bool audio = true, int width = 640, int height = 360, bool red = false, bool dtx = true) =>
        RunAsync($"harness.publish({JsonSerializer.Serialize(new { video, audio, red, dtx, size = new[] { width, height } }, Json)})");

    /// <summary>Publishes a moving picture as a screen, of which a headless browser has none to share.</summary>
    public Task ShareScreenAsync() => RunAsync("harness.shareScreen()");

    public async Task<ReceivedTrack> ReceivedAsync(string from, string kind) =>
        (await ReceivedAsync()).FirstOrDefault(t => t.Identity == from && t.Kind == kind) ?? ReceivedTrack.None;

    public async Task<IReadOnlyList<ReceivedTrack>> ReceivedAsync() => await CallAsync<List<ReceivedTrack>>("harness.received()");

    public async Task<IReadOnlyList<SentLayer>> SentAsync() => await CallAsync<List<SentLayer>>("harness.sent()");

    /// <summary>What was seen and heard of everybody so far, reconnections included.</summary>
    public async Task<IReadOnlyList<MediaProgress>> ProgressAsync() => await CallAsync<List<MediaProgress>>("harness.progress()");

    /// <summary>MIME type of the video that arrives from a participant, from the receiver's statistics.</summary>
    public Task<string> CodecAsync(string from) => CallAsync<string>($"harness.codec('{from}')");

    /// <summary>Whether sending and receiving go over one connection, and not over one each.</summary>
    public Task<bool> HasOneConnectionAsync() => CallAsync<bool>("harness.room.engine.pcManager.mode === 'publisher-only'");

    /// <summary>What a video element shows now, as 16 × 9 pixels of red, green and blue; black while it shows nothing.</summary>
    public async Task<byte[]> PictureAsync(string element) => [.. (await CallAsync<int[]>($"harness.picture('{element}')")).Select(v => (byte)v)];

    public Task<ReceivedData[]> DataAsync() => CallAsync<ReceivedData[]>("harness.data");

    public Task<RoomState> StateAsync() => CallAsync<RoomState>("harness.state()");

    public async Task<T> CallAsync<T>(string expression)
    {
        var text = await page.EvaluateAsync($"(async () => JSON.stringify((await ({expression})) ?? null))()");
        return JsonSerializer.Deserialize<T>(text!, Json)!;
    }

    public Task RunAsync(string expression) => page.EvaluateAsync($"(async () => {{ await ({expression}); }})()");

    /// <summary>Waits until this participant decodes moving pictures and hears sound from each of <paramref name="others"/>, by counted frames and energy.</summary>
    public async Task SeesAndHearsAsync(IEnumerable<string> others, TimeSpan timeout, bool video = true, bool audio = true)
    {
        var first = (await ReceivedAsync()).ToDictionary(t => (t.Identity, t.Kind));
        await EventuallyAsync(timeout, async () =>
        {
            var now = await ReceivedAsync();
            foreach (var other in others)
            {
                if (video && !now.Any(t => t.Identity == other && t.Kind == "video" && t.FramesDecoded >= Before(t).FramesDecoded + 10))
                {
                    return $"{identity} does not see {other}: {Describe(now)}";
                }

                if (audio && !now.Any(t => t.Identity == other && t.Kind == "audio" && t.Energy > Before(t).Energy + 1e-5))
                {
                    return $"{identity} does not hear {other}: {Describe(now)}";
                }
            }

            return null;

            ReceivedTrack Before(ReceivedTrack track) => first.GetValueOrDefault((track.Identity, track.Kind)) ?? ReceivedTrack.None;
        });
    }

    /// <summary>Waits until more of each of somebody's sources ("camera") has arrived since now: decoded pictures, energy of sound.</summary>
    public async Task ReceivesAsync(string from, string[] sources, TimeSpan timeout)
    {
        var first = (await ReceivedAsync()).ToDictionary(track => track.Sid);
        await EventuallyAsync(timeout, async () =>
        {
            var now = await ReceivedAsync();
            var missing = sources.Where(source => !now.Any(track => track.Identity == from && track.Source == source && HasMore(track)));
            return missing.Any() ? $"{identity} does not get {string.Join(", ", missing)} of {from}: {Describe(now)}" : null;
        });

        bool HasMore(ReceivedTrack track)
        {
            var before = first.GetValueOrDefault(track.Sid) ?? ReceivedTrack.None;
            return track.Kind == "video" ? track.FramesDecoded >= before.FramesDecoded + 10 : track.Energy > before.Energy + 1e-5;
        }
    }

    /// <summary>Kills the page's process: no goodbye is said.</summary>
    public Task CrashAsync() => page.CrashAsync();

    /// <summary>Waits until the room says that it is disconnected for good, and why.</summary>
    public Task DisconnectedAsync(DisconnectReason reason, TimeSpan timeout) =>
        EventuallyAsync(timeout, async () =>
        {
            var told = await CallAsync<int[]>("harness.events.filter(e => e.name === 'disconnected').map(e => e.detail[0] ?? -1)");
            return told.Length == 1 && told[0] == (int)reason ? null : $"{identity} was disconnected with [{string.Join(", ", told)}], not {reason}";
        });

    /// <summary>Names of the events that the room raised since the last call of <c>harness.forget()</c>.</summary>
    public Task<string[]> EventsAsync() => CallAsync<string[]>("harness.events.map(e => e.name)");

    /// <summary>Forgets the room's events and the console's lines.</summary>
    public Task ForgetEventsAsync()
    {
        page.ForgetConsole();
        return RunAsync("harness.forget()");
    }

    /// <summary>All that the page knows of the call, and its console, for failure messages. What cannot be told hides nothing else.</summary>
    public async Task<string> DescribeAsync()
    {
        string[] parts =
        [
            await ToldAsync(async () => (await StateAsync()).ToString()),
            await ToldAsync(async () => $"its worker answers: {await CallAsync<bool?>("harness.workerAnswers()")}"),
            await ToldAsync(() => CallAsync<string>("harness.diagnosis()")),
            await ToldAsync(async () => string.Join('\n', await ReceivedAsync())),
        ];
        return $"{identity}: {string.Join('\n', [.. parts, .. page.ConsoleLines])}";

        static async Task<string> ToldAsync(Func<Task<string>> part)
        {
            try
            {
                return await part();
            }
            catch (PageException untold)
            {
                return untold.Message;
            }
        }
    }

    /// <summary>Waits for an event.</summary>
    public Task RaisesAsync(string name, TimeSpan timeout) =>
        EventuallyAsync(timeout, async () => (await EventsAsync()).Contains(name) ? null : $"{identity} raised no {name}");

    /// <summary>Polls until <paramref name="problem"/> returns null; fails with its last answer and the page's console otherwise.</summary>
    public async Task EventuallyAsync(TimeSpan timeout, Func<Task<string?>> problem)
    {
        var clock = Stopwatch.StartNew();
        string? last;
        while ((last = await problem()) is not null)
        {
            if (clock.Elapsed > timeout)
            {
                var events = await page.EvaluateAsync("JSON.stringify(harness.events.slice(-40))");
                throw new TimeoutException($"{last}\nafter {timeout.TotalSeconds:0} s\nevents: {events}\nconsole:\n{string.Join('\n', page.ConsoleLines.TakeLast(40))}");
            }

            await Task.Delay(100);
        }
    }

    private static string Describe(IEnumerable<ReceivedTrack> tracks) => JsonSerializer.Serialize(tracks, Json);
}

/// <summary>Options of <c>harness.join</c> in participant.js.</summary>
public sealed record JoinOptions
{
    public required string Url { get; init; }

    public required string Token { get; init; }

    public bool Single { get; init; } = true;

    public bool AdaptiveStream { get; init; }

    public bool Dynacast { get; init; }

    public bool Simulcast { get; init; } = true;

    public string Codec { get; init; } = "vp8";

    /// <summary>Sent beside <see cref="Codec"/> when somebody can receive nothing else; null for none.</summary>
    public string? BackupCodec { get; init; }

    /// <summary>A passphrase.</summary>
    public string? E2eeKey { get; init; }

    /// <summary>Random bytes in base64, instead of a passphrase.</summary>
    public string? E2eeSecret { get; init; }

    public bool AutoSubscribe { get; init; } = true;

    /// <summary>Tries again at the short intervals that README.md gives, not at LiveKit's growing ones.</summary>
    public bool ReturnsFast { get; init; }
}

public sealed record ReceivedTrack(
    string Identity,
    string Source,
    string Sid,
    string Kind,
    bool Subscribed,
    bool Muted,
    bool Encrypted,
    long FramesDecoded,
    int Width,
    int Height,
    long Bytes,
    long Packets,
    long Lost,
    double Energy,
    int Freezes,
    double FreezeSeconds,
    int KeyFrames,
    long DecryptErrors,
    string? StreamState)
{
    public static readonly ReceivedTrack None = new("", "", "", "", false, false, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null);
}

/// <summary>How much came from somebody: decoded pictures of "video", energy of "audio".</summary>
public sealed record MediaProgress(string From, string Kind, double Amount);

/// <summary>A data packet as an SDK handed it over.</summary>
public sealed record ReceivedData(string Text, string? From, int? Kind, string? Topic);

/// <summary>A layer that is sent, or could be.</summary>
/// <param name="Sid">The track's.</param>
/// <param name="Kind">"audio" or "video".</param>
/// <param name="Rid">Its name; empty where there is one.</param>
/// <param name="Bytes">Sent so far.</param>
/// <param name="Frames">Encoded so far.</param>
/// <param name="Width">Of its pictures, in pixels.</param>
/// <param name="Active">Whether the SDK has it encoded.</param>
/// <param name="Limit">What the browser sends less for than it was asked to: "none", "cpu", "bandwidth" or "other"; empty where it does not say.</param>
public sealed record SentLayer(string Sid, string Kind, string Rid, long Bytes, long Frames, int Width, bool Active, string Limit);

public sealed record PublishedState(string Sid, string Source, bool Muted);

public sealed record RoomState(
    string State,
    string Sid,
    IReadOnlyList<string> Remotes,
    JsonElement? Permissions,
    string? Metadata,
    Dictionary<string, string> Attributes,
    IReadOnlyList<PublishedState> Published);

/// <summary>Why a session ended, as the protocol numbers it.</summary>
public enum DisconnectReason
{
    ClientInitiated = 1,
    DuplicateIdentity = 2,
    ServerShutdown = 3,
    ParticipantRemoved = 4,
    RoomDeleted = 5,
}
