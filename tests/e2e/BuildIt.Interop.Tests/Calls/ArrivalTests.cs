using System.Globalization;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>How long it takes from the click until somebody is seen, and what of it the keys take. Printed, never asserted.</summary>
public sealed class ArrivalTests(CallFixture fixture, ITestOutputHelper output) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task The_second_and_the_tenth_member_see_the_first()
    {
        var first = await Caller.EnterAsync(fixture, "Ada");
        var invitation = await first.InvitationAsync();
        await MeasureAsync("the second member", invitation);
        for (var i = 3; i < 10; i++)
        {
            await Caller.EnterAsync(fixture, $"Guest{i}&quiet=1", invitation);
        }

        await MeasureAsync("the tenth member", invitation);
        await first.WaitAsync("window.conference.roster.length === 10");
    }

    private async Task MeasureAsync(string who, string invitation)
    {
        var caller = await Caller.OpenAsync(fixture, $"/?name=Late&small=1&quiet=1#{invitation}", who);
        await caller.Page.EvaluateAsync(Watch);
        await caller.Page.ClickAsync("#go");
        await caller.WaitAsync("window.marks.picture");
        var (connected, keys, picture) = (await MarkAsync("connected"), await MarkAsync("keys"), await MarkAsync("picture"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{who}: connected after {connected} ms, has the keys after {keys} ms, sees the first picture after {picture} ms"));

        Task<int> MarkAsync(string name) => caller.Page.EvaluateAsync<int>($"Math.round(window.marks.{name})");
    }

    private const string Watch =
        """
        () => {
          const marks = (window.marks = {});
          let began = 0;
          document.getElementById('go').addEventListener('click', () => (began = performance.now()));
          const look = setInterval(() => {
            const { conference } = window;
            const reached = { connected: !!conference, keys: conference?.state === 'member', picture: [...document.querySelectorAll('.tile:not(.own) video')].some((video) => video.videoWidth > 0) };
            for (const name in reached) if (reached[name]) marks[name] ??= performance.now() - began;
            if (marks.picture) clearInterval(look);
          }, 5);
        }
        """;
}
