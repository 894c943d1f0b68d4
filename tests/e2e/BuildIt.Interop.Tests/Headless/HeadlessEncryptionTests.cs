using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing.Conferences.Rooms;

namespace BuildIt.Interop.Tests.Headless;

/// <summary>Headless participants encrypt as LiveKit's own clients do, and get everything that others send.</summary>
public class HeadlessEncryptionTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_browser_with_the_passphrase_sees_and_hears_them_and_another_does_not()
    {
        await using var meeting = conference.NewMeeting();
        using var network = new HeadlessNetwork();
        await using var sender = await JoinAsync(meeting, network, "headless", FrameKey.FromPassphrase("open sesame"));
        var knows = await meeting.JoinAsync("knows", options => options with { E2eeKey = "open sesame" });
        var guesses = await meeting.JoinAsync("guesses", options => options with { E2eeKey = "open barley" });
        await knows.SeesAndHearsAsync(["headless"], Patience);
        await guesses.EventuallyAsync(Patience, async () => (await guesses.ReceivedAsync("headless", "video")).Bytes > 60_000 ? null : "too little arrives");
        Assert.Equal(0, (await guesses.ReceivedAsync("headless", "video")).FramesDecoded);
    }

    /// <summary>Each that comes finds tracks already there, and gets those of everybody who comes later without ever lacking a section.</summary>
    [Fact]
    public async Task All_that_publish_one_after_another_receive_each_other()
    {
        await using var meeting = conference.NewMeeting();
        using var network = new HeadlessNetwork();
        var key = FrameKey.FromPassphrase("open sesame");
        var everybody = new List<ReturningParticipant>();
        try
        {
            for (var i = 0; i < 5; i++)
            {
                everybody.Add(await JoinAsync(meeting, network, $"headless-{i}", key));
            }

            IReadOnlyList<IAttendee> attendees = [.. everybody.Select(participant => new HeadlessAttendee(participant))];
            await (await MediaWatch.StartAsync(attendees)).FlowsAsync(TimeSpan.FromSeconds(10));
            Assert.All(everybody, participant => Assert.Equal(0, participant.TimesReturned));
        }
        finally
        {
            foreach (var participant in everybody)
            {
                await participant.DisposeAsync();
            }
        }
    }

    private Task<ReturningParticipant> JoinAsync(Meeting meeting, HeadlessNetwork network, string identity, FrameKey key) => ReturningParticipant.StartAsync(
        new HeadlessOptions { Url = new Uri(conference.Node.HttpUrl), Token = SfuNode.Token(meeting.Room, identity), Network = network, Key = key, Data = false },
        new VideoPublication { Layers = 1, Simulcast = false },
        audio: true);
}
