using BuildIt.Interop.Tests.Adaptive;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>Several hostile clients at once in a room in which two people talk through their browsers.</summary>
[Collection(HostileTestGroup.Name)]
public sealed class HostileRoomTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private static readonly string[] Together =
        ["tracks", "subscribing and leaving", "muting and unmuting", "retransmissions", "key frames", "attributes", "reliable data", "lossy data"];

    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    /// <summary>Two browsers encode and decode on the cores that the hostile clients keep busy, and stand still for a while by themselves.</summary>
    private static readonly TimeSpan BrowserLimit = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Two_browsers_see_and_hear_each_other_among_hostile_clients()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");

        // Sound without pauses: one in it is the node's then.
        await alice.PublishAsync(width: 320, height: 180, dtx: false);
        await bob.PublishAsync(width: 320, height: 180);
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var network = new HeadlessNetwork();
        var hostile = new List<HeadlessParticipant>();
        try
        {
            foreach (var name in Together)
            {
                hostile.Add(await HeadlessParticipant.JoinAsync(Bystanders.Options(conference.Node, network, meeting.Room, name)));
            }

            long data = 0;
            others.Listener.DataReceived += (_, packet) => data += packet.User?.Payload.Length ?? 0;
            var lost = await HandOversLostAsync();
            await others.StartAsync();
            var recording = await Recording.StartAsync(bob, "alice");
            await Task.Delay(TimeSpan.FromSeconds(1));
            var start = await recording.NowAsync();
            using var time = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            await Task.WhenAll(Together.Select((name, i) => Floods.All[name].Run(hostile[i], others, time.Token)));
            var end = await recording.NowAsync();
            await recording.UpdateAsync();

            var reception = await others.StopAsync();
            var limit = BrowserLimit + reception.MachineAllowance;
            var (still, silence) = (recording.LongestStill(start, end), recording.LongestSilence(start, end));
            output.WriteLine($"longest time without a picture {still.TotalMilliseconds:0} ms, without sound {silence.TotalMilliseconds:0} ms\n{recording.Describe(start)}");
            Assert.True(recording.Samples[^1].Frames - recording.Samples[0].Frames > 100, recording.Describe(start));
            Assert.True(still <= limit, $"no picture for {still.TotalMilliseconds:0} ms\n{recording.Describe(start)}");
            Assert.True(silence <= limit, $"no sound for {silence.TotalMilliseconds:0} ms\n{recording.Describe(start)}");
            output.WriteLine($"the headless listener: {reception}; {data * 8 / (end - start) / 1000:0.0} Mbit/s of data");
            output.WriteLine($"datagrams that did not get from one of the node's loops to another: {await HandOversLostAsync() - lost}");
            Assert.True(reception.GoesOn(Limit), reception.ToString());
        }
        finally
        {
            await Task.WhenAll(hostile.Select(client => client.DisposeAsync().AsTask()));
        }

        await alice.SeesAndHearsAsync(["bob"], Patience);

        async Task<double> HandOversLostAsync() => (await MetricsSnapshot.ReadAsync(conference.Node)).Sum("buildit_sfu_packets_dropped_total", "\"hand_over\"");
    }
}
