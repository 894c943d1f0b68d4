using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.NodeSdk;

/// <summary>One participant on LiveKit's native stack, in the process of a script. Many may share a process.</summary>
public sealed class NativeParticipant
{
    private readonly ScriptedProcess _script;

    private NativeParticipant(ScriptedProcess script, string identity, string sid)
    {
        _script = script;
        Identity = identity;
        Sid = sid;
    }

    public string Identity { get; }

    public string Sid { get; }

    public ScriptedProcess Script => _script;

    /// <param name="script">A process that runs <c>participant.mjs</c>.</param>
    /// <param name="url">The node.</param>
    /// <param name="room">Name of the room.</param>
    /// <param name="identity">Unique in the process.</param>
    /// <param name="single">One peer connection or two; null leaves the choice to the SDK.</param>
    /// <param name="e2eeKey">The shared key, or null.</param>
    /// <param name="token">Changes the grants of the token.</param>
    public static async Task<NativeParticipant> JoinAsync(
        ScriptedProcess script, string url, string room, string identity, bool? single = null, string? e2eeKey = null, Action<TokenOptions>? token = null)
    {
        var joined = await script.CallAsync<JsonObject>("join", new { url, identity, token = SfuNode.Token(room, identity, token), single, e2eeKey });
        return new NativeParticipant(script, identity, (string)joined["sid"]!);
    }

    public Task<string[]> PublishAsync(bool video = true, bool audio = true, int width = 320, int height = 180) =>
        CallAsync<string[]>("publish", new { video, audio, width, height });

    public Task<NativeTrack[]> ReceivedAsync() => CallAsync<NativeTrack[]>("received");

    public Task<NativeInbox> InboxAsync() => CallAsync<NativeInbox>("inbox");

    public Task<NativeRemote[]> RemotesAsync() => CallAsync<NativeRemote[]>("participants");

    public Task<T> CallAsync<T>(string method, params object?[] args) => _script.CallAsync<T>(method, [Identity, .. args]);

    public Task<JsonNode?> CallAsync(string method, params object?[] args) => _script.CallAsync(method, [Identity, .. args]);

    /// <summary>Waits until pictures and sound of each of <paramref name="others"/> arrive, by decoded frames and energy of decoded sound.</summary>
    public async Task SeesAndHearsAsync(IEnumerable<string> others, TimeSpan timeout)
    {
        var first = (await ReceivedAsync()).ToDictionary(t => (t.Identity, t.Kind));
        await EventuallyAsync(timeout, async () =>
        {
            var now = await ReceivedAsync();
            var missing = others.FirstOrDefault(o => !Grew(o, "video", (t, before) => t.Frames >= before.Frames + 10)
                || !Grew(o, "audio", (t, before) => t.Energy > before.Energy + 1e-4));
            return missing is null ? null : $"{Identity} does not see and hear {missing}: {JsonSerializer.Serialize(now)}";

            bool Grew(string other, string kind, Func<NativeTrack, NativeTrack, bool> grew) =>
                now.Any(t => t.Identity == other && t.Kind == kind && grew(t, first.GetValueOrDefault((other, kind)) ?? NativeTrack.None));
        });
    }

    /// <summary>Polls until <paramref name="problem"/> returns null; fails with its last answer and what the participant noted otherwise.</summary>
    public async Task EventuallyAsync(TimeSpan timeout, Func<Task<string?>> problem)
    {
        var clock = Stopwatch.StartNew();
        string? last;
        while ((last = await problem()) is not null)
        {
            if (clock.Elapsed > timeout)
            {
                Assert.Fail($"{last}\nafter {timeout.TotalSeconds:0} s\nevents: {JsonSerializer.Serialize((await InboxAsync()).Events)}\n{_script.Errors()}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Waits for a message of any kind in the inbox.</summary>
    public Task HasAsync(string what, Func<NativeInbox, bool> condition, TimeSpan timeout) =>
        EventuallyAsync(timeout, async () =>
        {
            var inbox = await InboxAsync();
            return condition(inbox) ? null : $"{Identity} did not get {what}: {JsonSerializer.Serialize(inbox)}";
        });
}

public sealed record NativeTrack(string Identity, string Sid, string Kind, int Frames, double Energy, int Width, int Height)
{
    public static readonly NativeTrack None = new("", "", "", 0, 0, 0, 0);
}

public sealed record NativeRemote(string Identity, string Sid, string? Metadata, Dictionary<string, string> Attributes);

public sealed record NativeInbox(
    IReadOnlyList<ReceivedData> Data, IReadOnlyList<ReceivedText> Texts, IReadOnlyList<ReceivedBytes> Bytes, IReadOnlyList<JsonObject> Events)
{
    public bool Noted(string name) => Events.Any(e => (string?)e["name"] == name);
}

public sealed record ReceivedText(string Text, string From);

public sealed record ReceivedBytes(long Length, string From);
