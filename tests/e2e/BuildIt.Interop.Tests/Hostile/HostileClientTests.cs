using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>
/// A member of a room does as much of one thing as it can. It is held back, the node says so, the others' pictures and sound go on
/// without loss, and the node's memory stays bounded.
/// </summary>
[Collection(HostileTestGroup.Name)]
public sealed class HostileClientTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private const long MemoryLimit = 200 << 20;

    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    // One may ask for a few at once and for one every other second.
    private static readonly TimeSpan UntilKeyFramesRunOut = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan GapLimit = TimeSpan.FromSeconds(1);

    public static TheoryData<string> Names => [.. Floods.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_flood_is_held_back_and_not_felt_by_others(string flood)
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var network = new HeadlessNetwork();
        await using var hostile = await HeadlessParticipant.JoinAsync(Bystanders.Options(conference.Node, network, meeting.Room, "hostile"));
        var (limit, run) = Floods.All[flood];
        var length = limit == "key_frames" ? UntilKeyFramesRunOut : Usual;
        var node = new NodeProcess(conference.Node.Process.Id);
        var metrics = await MetricsSnapshot.ReadAsync(conference.Node);
        var before = node.Read();
        await others.StartAsync();

        using var time = new CancellationTokenSource(length);
        await run(hostile, others, time.Token);

        var reception = await others.StopAsync();
        var after = node.Read();
        var metricsAfter = await MetricsSnapshot.ReadAsync(conference.Node);
        var held = Counted("buildit_sfu_limited_total", $"\"{limit}");
        var received = Counted("buildit_sfu_packets_total", "\"in\"");
        var end = (await hostile.GetStatisticsAsync()).EndReason;
        output.WriteLine($"{flood}: {reception}; held back {held} times by {limit}; node {received / length.TotalSeconds:0} packets/s in, {(after.Cpu - before.Cpu) / length:0.00} cores, memory {before.Memory >> 20} to {after.Memory >> 20} MiB; the client's session {(end.Length > 0 ? end : "goes on")}");

        Assert.True(held > 0, $"nothing was held back by {limit}");
        AssertWell(reception, length);
        Assert.True(after.Memory - before.Memory < MemoryLimit, $"the node grew from {before.Memory >> 20} MiB to {after.Memory >> 20} MiB");
        Assert.Equal(0, metricsAfter.Sum("buildit_sfu_handler_faults_total"));

        double Counted(string name, string label) => metricsAfter.Sum(name, label) - metrics.Sum(name, label);
    }

    private static void AssertWell(Reception reception, TimeSpan length)
    {
        Assert.True(reception.Lost == 0 && reception.Faults == 0, reception.ToString());
        Assert.True(reception.GoesOn(GapLimit), reception.ToString());
        // Clips have 15 pictures and 50 sounds a second.
        Assert.True(reception.VideoFrames > length.TotalSeconds * 12 && reception.AudioFrames > length.TotalSeconds * 40, reception.ToString());
        Assert.True(reception.KeyFrameRequests <= 15, reception.ToString());
    }
}
