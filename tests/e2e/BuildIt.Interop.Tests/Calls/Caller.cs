using System.Text.Json;
using BuildIt.Testing.Conferences.Rooms;
using Microsoft.Playwright;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>Somebody with a Nostr key of their own on the page of the demo.</summary>
internal sealed class Caller
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private Caller(IPage page, string name)
    {
        Page = page;
        Name = name;
    }

    public IPage Page { get; }

    public string Name { get; }

    /// <summary>What the page wrote to its console.</summary>
    public List<string> Console { get; } = [];

    /// <summary>The media that reaches them.</summary>
    public PageAttendee Attendee { get; private set; } = null!;

    /// <summary>Makes a call, or joins the one of an invitation, and waits until the page is in it.</summary>
    public static async Task<Caller> EnterAsync(CallFixture fixture, string name, string? invitation = null)
    {
        var caller = await OpenAsync(fixture, $"/?name={name}&small=1&auto=1{(invitation is null ? "" : $"#{invitation}")}", name);
        await caller.IsInAsync();
        return caller;
    }

    /// <summary>Opens the page and does nothing there.</summary>
    public static async Task<Caller> OpenAsync(CallFixture fixture, string path, string name)
    {
        // Own storage, so an own key.
        var page = await fixture.OpenAsync("about:blank");
        var caller = new Caller(page, name);
        page.Console += (_, message) => caller.Console.Add(message.Text);
        page.PageError += (_, error) => caller.Console.Add($"uncaught: {error}");
        await page.GotoAsync(fixture.Pages.Url + path);
        return caller;
    }

    public async Task IsInAsync()
    {
        await WaitAsync("window.conference?.state === 'member'");
        Attendee = await PageAttendee.WatchAsync(Page, Patience);
    }

    public Task<string> InvitationAsync() => Page.EvaluateAsync<string>("window.conference.invitation.toString()");

    /// <summary>The members' keys, and the names they gave, in order.</summary>
    public Task<string[]> RosterAsync() => Page.EvaluateAsync<string[]>("window.conference.roster.map((member) => member.publicKey + ' ' + member.name).sort()");

    public Task<int> EpochAsync() => Page.EvaluateAsync<int>("window.conference.epoch ?? -1");

    public Task<string> SafetyNumberAsync() => Page.EvaluateAsync<string>("window.conference.safetyNumber ?? ''");

    /// <summary>Waits until a script gives true.</summary>
    public async Task WaitAsync(string script, TimeSpan? patience = null)
    {
        try
        {
            await Page.WaitForFunctionAsync(script, null, new PageWaitForFunctionOptions { Timeout = (float)(patience ?? Patience).TotalMilliseconds });
        }
        catch (TimeoutException late)
        {
            var state = await Page.EvaluateAsync<string>("JSON.stringify({ state: window.conference?.state, epoch: window.conference?.epoch, members: window.conference?.roster.length, traffic: window.conference?.traffic, error: document.getElementById('error')?.textContent })");
            throw new TimeoutException($"{Name}: {script} did not become true. {state}\n{string.Join('\n', Console.TakeLast(20))}", late);
        }
    }

    /// <summary>How many frames of somebody were opened, and how many dropped, with the reasons.</summary>
    public async Task<IReadOnlyList<Traffic>> TrafficAsync() =>
        JsonSerializer.Deserialize<List<Traffic>>(await Page.EvaluateAsync<string>("JSON.stringify(window.conference.traffic)"), Json)!;
}

/// <summary>What the client counted of one participant's frames or data.</summary>
internal sealed record Traffic(string? Participant, string Direction, string Content, long Passed, Dictionary<string, long> Dropped);
