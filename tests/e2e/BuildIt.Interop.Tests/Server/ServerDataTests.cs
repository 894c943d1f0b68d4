using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.NodeSdk;

namespace BuildIt.Interop.Tests.Server;

/// <summary>What the server API says to participants over their data channels.</summary>
public sealed class ServerDataTests(ServerApiFixture api) : IClassFixture<ServerApiFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Data_reaches_everybody_or_those_it_names(bool single)
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single });
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single });
        await api.SendDataAsync(meeting.Room, "only for bob", new { destinationIdentities = (string[])["bob"] });
        await api.SendDataAsync(meeting.Room, "for all", new { topic = "news" });
        foreach (var participant in (BrowserParticipant[])[alice, bob])
        {
            await participant.EventuallyAsync(Patience, async () =>
                (await participant.DataAsync()).Contains(new ReceivedData("for all", null, 0, "news")) ? null : $"{participant.Identity} did not get it");
        }

        Assert.Equal(["for all"], (await alice.DataAsync()).Select(d => d.Text));
        Assert.Equal(["for all", "only for bob"], (await bob.DataAsync()).Select(d => d.Text).Order());
    }

    [Fact]
    public async Task A_participants_method_is_called()
    {
        await using var meeting = api.NewMeeting();
        await meeting.JoinAsync("alice");
        var grant = new { roomAdmin = true, room = meeting.Room };
        var answer = await api.TwirpAsync("PerformRpc", new { room = meeting.Room, destinationIdentity = "alice", method = "echo", payload = "hello" }, grant);
        Assert.EndsWith(":hello", (string)answer!["payload"]!, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ScriptException>(() =>
            api.TwirpAsync("PerformRpc", new { room = meeting.Room, destinationIdentity = "alice", method = "absent", payload = "" }, grant));
    }
}
