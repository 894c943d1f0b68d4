using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;

namespace BuildIt.Interop.Tests.Headless;

/// <summary>A headless participant that only listens gets what others publish, whenever they do.</summary>
public class HeadlessReceivingTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Tracks_published_after_it_joined_arrive(bool single, bool data)
    {
        await using var meeting = conference.NewMeeting();
        using var network = new HeadlessNetwork();
        await using var listener = await JoinAsync("listener");
        await using var speaker = await JoinAsync("speaker");
        var video = await speaker.PublishVideoAsync(new VideoPublication { Layers = 2 });
        await ReceivesAsync(video);
        var audio = await speaker.PublishAudioAsync();
        await ReceivesAsync(audio);
        await using var another = await JoinAsync("another");
        await ReceivesAsync(await another.PublishVideoAsync(new VideoPublication { Layers = 1, Simulcast = false }));

        Task<HeadlessParticipant> JoinAsync(string identity) => HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(conference.Node.HttpUrl),
            Token = SfuNode.Token(meeting.Room, identity),
            Network = network,
            SinglePeerConnection = single,
            Data = data,
        });

        async Task ReceivesAsync(string track)
        {
            using var limit = new CancellationTokenSource(Patience);
            while (!(await listener.GetStatisticsAsync()).Received.Any(received => received.TrackSid == track && received.Frames > 10))
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }
}
