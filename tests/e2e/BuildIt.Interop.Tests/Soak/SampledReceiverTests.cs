using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;

namespace BuildIt.Interop.Tests.Soak;

/// <summary>Receivers that decrypt only some packets, as the load generator has them, count all and ask for nothing.</summary>
public sealed class SampledReceiverTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    [Fact]
    public async Task They_count_every_packet_and_ask_for_no_key_frames()
    {
        var room = conference.NewMeeting().Room;
        using var network = new HeadlessNetwork();
        await using var publisher = await JoinAsync(network, room, "publisher", decryptOneIn: 1);
        await publisher.PublishVideoAsync(new VideoPublication { Layers = 2 });
        await using var whole = await JoinAsync(network, room, "whole", decryptOneIn: 1);
        await using var sampled = await JoinAsync(network, room, "sampled", decryptOneIn: 10);
        await Task.Delay(TimeSpan.FromSeconds(2));
        var asked = (await publisher.GetStatisticsAsync()).KeyFrameRequestsReceived;
        var before = (await PacketsAsync(whole), await PacketsAsync(sampled));

        await Task.Delay(TimeSpan.FromSeconds(6));
        var counted = await PacketsAsync(sampled) - before.Item2;
        var expected = await PacketsAsync(whole) - before.Item1;
        var track = Assert.Single((await sampled.GetStatisticsAsync()).Received);

        Assert.InRange(counted, expected - 30, expected + 30);
        Assert.True(expected > 100, $"{expected} packets");
        Assert.Equal((0, 0, 0L), (track.KeyFrameRequests, track.Nacks, track.Lost));

        // A layer that is probed for may ask for one.
        Assert.InRange((await publisher.GetStatisticsAsync()).KeyFrameRequestsReceived - asked, 0, 1);
    }

    private Task<HeadlessParticipant> JoinAsync(HeadlessNetwork network, string room, string identity, int decryptOneIn) =>
        HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(conference.Node.HttpUrl),
            Token = SfuNode.Token(room, identity),
            Network = network,
            DecryptOneIn = decryptOneIn,
        });

    private static async Task<long> PacketsAsync(HeadlessParticipant participant) =>
        (await participant.GetStatisticsAsync()).Received.Sum(track => track.Packets);
}
