using System.Diagnostics;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Node.Tests.Routing;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Sfu.TestClient.Statistics;
using BuildIt.Testing;
using Xunit.Abstractions;

namespace BuildIt.Sfu.Node.Tests.Relays;

/// <summary>Rooms of two fleets over a link with a bound: what leaves over it is counted.</summary>
public sealed class BoundedLinkTests(RegionFixture region, ITestOutputHelper output) : IClassFixture<RegionFixture>
{
    private const string Far = "west";
    private const int MeasuredBeats = 8;

    /// <summary>Enough for a room with one picture in full size, and not for four.</summary>
    private const long Bound = 1_500_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task The_rooms_keep_together_to_what_was_told_and_one_alone_has_all_of_it()
    {
        using var east = new FleetAuthority(FleetNode.Scope);
        using var west = new FleetAuthority(FleetNode.Scope);
        await using var a = await LinkedNode.StartAsync(region, "east", east, west);
        await using var b = await LinkedNode.StartAsync(region, Far, west, east);
        using var network = new HeadlessNetwork();
        using var machine = StallMeter.Start();
        await using var first = await CallAsync(network, a, b);

        // Until the node is told, others may send as well.
        await first.SeesAsync(height: 360);
        Assert.InRange((await SentAsync(a)).Rate, 1, Bound * LinkAllowance.UntoldPart * 1.05);
        await a.SendAsync(new LinkOrders { Allowances = [new LinkAllowance { Cluster = Far, BitsPerSecond = Bound }] });
        await first.SeesAsync(height: 720);
        await using (var second = await CallAsync(network, a, b))
        await using (var third = await CallAsync(network, a, b))
        await using (var fourth = await CallAsync(network, a, b))
        {
            await first.SeesAsync(height: 360);
            var before = await SoundAsync(first, second, third, fourth);
            var (rate, seconds) = await SentAsync(a);
            var after = await SoundAsync(first, second, third, fourth);

            output.WriteLine($"{rate:N0} of {Bound:N0} bits per second");
            Assert.InRange(rate, Bound * 0.4, Bound * 1.05);
            Assert.Contains((await region.HeartbeatAsync(a.Node))!.LinkAllowances, report =>
                report is { Cluster: Far, AllowedBitsPerSecond: Bound, WantedBitsPerSecond: > Bound });
            foreach (var (was, now) in before.Zip(after))
            {
                Assert.Equal(was.Lost, now.Lost);
                Assert.True(now.LongestGap < TimeSpan.FromSeconds(1) + machine.Allowance, $"no sound for {now.LongestGap}");
                Assert.True(now.Packets - was.Packets >= seconds * 45, $"{now.Packets - was.Packets} packets of sound in {seconds:0.0} s");
            }
        }

        await first.SeesAsync(height: 720);
    }

    private static async Task<TrackStatistics[]> SoundAsync(params Call[] calls) =>
        await Task.WhenAll(calls.Select(call => call.TrackAsync(MediaKind.Audio)));

    private async Task<Call> CallAsync(HeadlessNetwork network, LinkedNode a, LinkedNode b)
    {
        var room = region.NewRoom();
        await region.SeatAsync(room, [a.Node, b.Node], maxLinkBitsPerSecond: Bound);
        return await Call.StartAsync(network, room, a.Node, b.Node);
    }

    /// <summary>Bits per second that a node sends to the other fleet, and over how many seconds: heartbeats may come before their time.</summary>
    private async Task<(double Rate, double Seconds)> SentAsync(LinkedNode from)
    {
        var (first, start) = await NextAsync(0);
        var clock = Stopwatch.StartNew();
        var (_, end) = await NextAsync(first + MeasuredBeats - 1);
        var seconds = clock.Elapsed.TotalSeconds;
        return ((end - start) * 8 / seconds, seconds);

        async Task<(long Sequence, long Bytes)> NextAsync(long after)
        {
            after = Math.Max(after, (await region.HeartbeatAsync(from.Node))!.Sequence);
            var beat = await Eventually.HasAsync(async () => await region.HeartbeatAsync(from.Node) is { } next && next.Sequence > after ? next : null, Patience, "the node reports");
            return (beat.Sequence, beat.Rooms.SelectMany(room => room.Relays).Where(relay => relay.Cluster == Far).Sum(relay => relay.SentBytes));
        }
    }

    /// <summary>Somebody at one node sends picture and sound, and somebody at the other has both.</summary>
    private sealed class Call(HeadlessParticipant publisher, HeadlessParticipant viewer) : IAsyncDisposable
    {
        public static async Task<Call> StartAsync(HeadlessNetwork network, RoomId room, FleetNode near, FleetNode far)
        {
            var publisher = await JoinAsync("publisher", near);
            await publisher.PublishVideoAsync();
            await publisher.PublishAudioAsync();
            var call = new Call(publisher, await JoinAsync("viewer", far));
            await Eventually.IsAsync(async () => (await call.TracksAsync()).Count(track => track.Packets > 0) == 2, Patience, "both are received");
            return call;

            Task<HeadlessParticipant> JoinAsync(string who, FleetNode through) => HeadlessParticipant.JoinAsync(new HeadlessOptions
            {
                Url = through.Signal,
                Token = RoomToken.Create("devkey", "secret", room.Value, who),
                Network = network,
            });
        }

        public async Task<TrackStatistics> TrackAsync(MediaKind kind) => (await TracksAsync()).Single(track => track.Kind == kind);

        public Task SeesAsync(int height) => Eventually.IsAsync(
            async () => (await TrackAsync(MediaKind.Video)).Height == height, Patience, $"the picture has {height} lines");

        public async ValueTask DisposeAsync()
        {
            await publisher.DisposeAsync();
            await viewer.DisposeAsync();
        }

        private async Task<IReadOnlyList<TrackStatistics>> TracksAsync() => (await viewer.GetStatisticsAsync()).Received;
    }
}
