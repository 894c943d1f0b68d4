using System.Text.Json;
using BuildIt.Testing.Conferences.Browsers;
using Microsoft.Playwright;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>
/// A call on the page of examples/call: people with keys of their own in one MLS group, each in a browser of their own. For one caller at
/// a time.
/// </summary>
public sealed class GroupCall(PageServer pages) : IAsyncDisposable
{
    /// <summary>Who is away for longer than this is taken out of the group by the others (presence.ts), and comes in again.</summary>
    internal static readonly TimeSpan GivenUp = TimeSpan.FromSeconds(12);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Gathering _gathering = new();
    private readonly List<IPage> _people = [];
    private string? _invitation;

    /// <summary>The room's id; known when somebody is in it.</summary>
    public string Room { get; private set; } = "";

    /// <summary>Somebody comes in with camera and microphone; the first makes the room.</summary>
    /// <param name="name">What they call themselves.</param>
    /// <param name="patience">How long it may take to be connected.</param>
    public async Task EnterAsync(string name, TimeSpan patience)
    {
        var page = await _gathering.AddPageAsync($"{pages.Url}/?name={name}&small=1&auto=1{(_invitation is null ? "" : $"#{_invitation}")}", patience);
        _people.Add(page);
        _invitation ??= await page.EvaluateAsync<string>("window.conference.invitation.toString()");
        Room = await page.EvaluateAsync<string>("window.conference.invitation.room");
        await page.EvaluateAsync("window.neverReloaded = true");
    }

    /// <inheritdoc cref="Gathering.MediaFlowsAsync"/>
    public Task<IReadOnlyList<Completion>> MediaFlowsAsync(TimeSpan patience, long? since = null) => _gathering.MediaFlowsAsync(patience, since);

    /// <summary>Waits until every page has lost its connection: media that flows before it does proves nothing.</summary>
    private Task LosesConnectionsAsync() => Task.WhenAll(_people.Select(page => page.EvaluateAsync(
        """
        () => new Promise((resolve) => {
          const { room } = window;
          if (room.state !== 'connected') return resolve();
          for (const event of ['reconnecting', 'signalReconnecting', 'disconnected', 'reconnected']) room.once(event, () => resolve());
        })
        """)));

    /// <summary>Whether a page was loaded once and has nothing to tell its person.</summary>
    private static Task<bool> IsUndisturbedAsync(IPage page) => page.EvaluateAsync<bool>("window.neverReloaded === true && !window.conference.notice");

    /// <summary>Waits until all are members with the same epoch and the same people, who have told each other their names.</summary>
    /// <returns>What everybody then has.</returns>
    /// <exception cref="TimeoutException">They were not; the message says where each stands.</exception>
    public async Task<Standing> TogetherAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            var all = await Task.WhenAll(_people.Select(StandingAsync));
            if (all.All(one => one.State == "member" && one.Present == _people.Count && one.Epoch == all[0].Epoch && one.SafetyNumber == all[0].SafetyNumber
                && one.Roster.Count == _people.Count && one.Roster.SequenceEqual(all[0].Roster)))
            {
                return all[0];
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"not together within {patience}:\n{string.Join('\n', all.Select(one => JsonSerializer.Serialize(one)))}");
            }
        }
    }

    /// <summary>Has what serves the call killed, waits until all are back, and has somebody come in then.</summary>
    /// <param name="kill">Kills it, and says what it was.</param>
    /// <param name="newcomer">Who comes.</param>
    /// <param name="joining">How long it may take to come in, and to be together before.</param>
    /// <param name="returning">How long it may take to be back.</param>
    /// <exception cref="TimeoutException">Something took longer; the message says where each stands.</exception>
    public async Task<GroupFailover> OutliveAsync(Func<Task<string>> kill, string newcomer, TimeSpan joining, TimeSpan returning)
    {
        ArgumentNullException.ThrowIfNull(kill);
        var before = await TogetherAsync(joining);
        var since = TimeProvider.System.GetTimestamp();
        var victim = await kill();
        await LosesConnectionsAsync();
        var back = (await MediaFlowsAsync(returning, since)).Max(each => each.After);
        var after = await TogetherAsync(returning);
        var isUndisturbed = (await Task.WhenAll(_people.Select(IsUndisturbedAsync))).All(each => each);
        await EnterAsync(newcomer, joining);
        await MediaFlowsAsync(joining);
        return new GroupFailover(victim, back, before, after, isUndisturbed, await TogetherAsync(joining));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _gathering.DisposeAsync();

    private static async Task<Standing> StandingAsync(IPage page) => JsonSerializer.Deserialize<Standing>(
        await page.EvaluateAsync<string>(
            """
            () => {
              const { conference } = window;
              const roster = conference.roster.filter(({ name }) => name).map(({ publicKey, name }) => `${publicKey} ${name}`).sort();
              const present = conference.roster.filter(({ participant }) => participant).length;
              return JSON.stringify({ state: conference.state, epoch: conference.epoch ?? -1, safetyNumber: conference.safetyNumber ?? '', present, roster });
            }
            """),
        Json)!;
}

/// <summary>Where somebody in a <see cref="GroupCall"/> stands, in their own words.</summary>
/// <param name="State">State of the conference.</param>
/// <param name="Epoch">Epoch of the keys.</param>
/// <param name="SafetyNumber">What members compare.</param>
/// <param name="Present">How many members are in the call.</param>
/// <param name="Roster">Members whose names are known, with their keys, in order.</param>
public sealed record Standing(string State, int Epoch, string SafetyNumber, int Present, IReadOnlyList<string> Roster);
