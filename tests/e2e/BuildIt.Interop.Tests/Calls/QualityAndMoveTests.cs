namespace BuildIt.Interop.Tests.Calls;

/// <summary>What somebody wants to see is what is sent to them, and they go from call to call with the same camera.</summary>
public sealed class QualityAndMoveTests(CallFixture fixture) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task Others_pictures_come_as_they_are_wanted()
    {
        // Large and in layers, so that there is something to choose from.
        var ada = await Caller.OpenAsync(fixture, "/?name=Ada&auto=1", "Ada");
        await ada.IsInAsync();
        var bob = await Caller.EnterAsync(fixture, "Bob&quiet=1", await ada.InvitationAsync());
        await bob.WaitAsync("window.conference.roster.length === 2 && [...document.querySelectorAll('.tile:not(.own) video')].some((video) => video.videoWidth > 0)");
        await bob.Page.EvaluateAsync("window.conference.quality.setPreferred('low')");
        await bob.WaitAsync("[...document.querySelectorAll('.tile:not(.own) video')].some((video) => video.videoWidth > 0 && video.videoWidth <= 320)");

        await bob.Page.EvaluateAsync("window.conference.quality.setVisible([])");
        await bob.WaitAsync($"{Moves}.then((moves) => !moves)");
        await bob.Page.EvaluateAsync("window.conference.quality.setVisible(undefined)");
        await bob.WaitAsync($"{Moves}.then((moves) => moves)");
    }

    [Fact]
    public async Task Somebody_moves_to_another_call_without_asking_for_the_camera_again()
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var bob = await Caller.EnterAsync(fixture, "Bob", await ada.InvitationAsync());
        await ada.WaitAsync("window.conference.roster.length === 2");
        var carol = await Caller.EnterAsync(fixture, "Carol");
        await bob.Page.EvaluateAsync(
            """
            async (invitation) => {
              const { mediaDevices } = navigator;
              const ask = mediaDevices.getUserMedia.bind(mediaDevices);
              window.asked = 0;
              mediaDevices.getUserMedia = (wishes) => { window.asked++; return ask(wishes); };
              window.conference = await window.conference.move(invitation);
            }
            """,
            await carol.InvitationAsync());
        await bob.WaitAsync("window.conference.state === 'member' && window.conference.roster.length === 2");
        await carol.WaitAsync("[...document.querySelectorAll('.tile:not(.own) video')].some((video) => video.videoWidth > 0)");
        Assert.Equal(0, await bob.Page.EvaluateAsync<int>("window.asked"));
        await ada.WaitAsync("window.conference.roster.length === 1");
        Assert.Equal(await carol.SafetyNumberAsync(), await bob.SafetyNumberAsync());
        Assert.NotEqual(await ada.SafetyNumberAsync(), await bob.SafetyNumberAsync());
    }

    /// <summary>Whether packets of a picture have come within a second.</summary>
    private const string Moves =
        """
        (async () => {
          const count = async () => {
            let packets = 0;
            for (const participant of window.room.remoteParticipants.values())
              for (const { track } of participant.videoTrackPublications.values())
                (await track?.receiver?.getStats())?.forEach((entry) => { if (entry.type === 'inbound-rtp') packets += entry.packetsReceived; });
            return packets;
          };
          const before = await count();
          await new Promise((resolve) => setTimeout(resolve, 1000));
          return (await count()) > before;
        })()
        """;
}
