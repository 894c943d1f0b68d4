using BuildIt.Testing;
using Microsoft.Playwright;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>The page of examples/call as people use it, by pointer, keyboard and screen reader; and pictures of it.</summary>
public sealed class CallPageTests(CallFixture fixture) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    private static readonly string Pictures = RepositoryRoot.Path("artifacts", "pictures");

    [Fact]
    public async Task People_are_let_in_talk_and_are_removed()
    {
        var ada = await Caller.OpenAsync(fixture, "/?small=1", "Ada");
        await ada.Page.GetByLabel("Your name").FillAsync("Ada");
        await ada.Page.GetByLabel("Let people in one by one").CheckAsync();
        await PictureAsync(ada, "lobby");
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Start the call" }).ClickAsync();
        await ada.IsInAsync();
        var invitation = await ada.InvitationAsync();

        var bob = await Caller.OpenAsync(fixture, $"/?name=Bob&small=1&auto=1#{invitation}", "Bob");
        await bob.WaitAsync("document.getElementById('progress').textContent.includes('let you in')");
        var people = ada.Page.GetByRole(AriaRole.Button, new() { Name = "People (1 waiting)" });
        await people.ClickAsync();
        await Assertions.Expect(ada.Page.GetByText("Bob wants to come in")).ToBeVisibleAsync();
        await PictureAsync(ada, "waiting");
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Let in" }).ClickAsync();
        await bob.IsInAsync();

        // Everybody hears the same name, which no server was told, and reads the same number.
        await Assertions.Expect(bob.Page.GetByRole(AriaRole.Group, new() { Name = "Ada, verified" })).ToBeVisibleAsync();
        await Assertions.Expect(ada.Page.Locator("#members")).ToContainTextAsync("Bob");
        await ada.WaitAsync("window.conference.roster.length === 2");
        Assert.Equal(await ada.SafetyNumberAsync(), await bob.Page.Locator("#safety").TextContentAsync());

        await bob.Page.GetByRole(AriaRole.Button, new() { Name = "Chat" }).ClickAsync();
        await bob.Page.GetByRole(AriaRole.Textbox, new() { Name = "Message" }).FillAsync("Good morning");
        await bob.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Button, new() { Name = "Chat (new)" })).ToBeVisibleAsync();
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Chat (new)" }).ClickAsync();
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Log)).ToContainTextAsync("Bob: Good morning");

        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "People (2)" }).ClickAsync();
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(bob.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        Assert.Contains("removed", await bob.Page.GetByRole(AriaRole.Alert).TextContentAsync(), StringComparison.Ordinal);
        await ada.WaitAsync("window.conference.roster.length === 1");
    }

    [Fact]
    public async Task It_is_used_by_keyboard_and_fits_a_phone()
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var invitation = await ada.InvitationAsync();
        var others = new List<Caller>();
        foreach (var name in (string[])["Grace", "Edsger", "Barbara"])
        {
            others.Add(await Caller.EnterAsync(fixture, name, invitation));
        }

        await ada.WaitAsync("window.conference.roster.length === 4 && window.conference.roster.every((member) => member.name)");
        await ada.WaitAsync("[...document.querySelectorAll('.tile video')].every((video) => video.videoWidth > 0)");
        await ada.Page.SetViewportSizeAsync(1280, 760);
        await ada.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await PictureAsync(ada, "call-dark");

        await ada.Page.Keyboard.PressAsync("m");
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Button, new() { Name = "Unmute" })).ToBeVisibleAsync();
        await Assertions.Expect(others[0].Page.GetByRole(AriaRole.Group, new() { Name = "Ada, verified, muted" })).ToBeVisibleAsync();

        // Every control is reached with the tabulator, and has a name.
        var reached = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 12; i++)
        {
            await ada.Page.Keyboard.PressAsync("Tab");
            reached.Add(await ada.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()"));
        }

        Assert.Superset(new HashSet<string> { "Unmute", "Camera off", "Share screen", "People (4)", "Chat", "Devices", "Copy invitation", "Leave" }, reached);
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "People (4)" }).FocusAsync();
        await ada.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Complementary, new() { Name = "People" })).ToBeVisibleAsync();
        await ada.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
        await PictureAsync(ada, "people-light");

        await ada.Page.SetViewportSizeAsync(390, 780);
        await PictureAsync(ada, "phone-people");
        await ada.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ada.Page.GetByRole(AriaRole.Complementary, new() { Name = "People" })).ToBeHiddenAsync();
        Assert.True(await ada.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"));
        await ada.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await PictureAsync(ada, "phone");
    }

    private static Task PictureAsync(Caller caller, string name) =>
        caller.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Pictures, $"{name}.png") });
}
