using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>Two people in a room who see each other: pictures that are checked frame by frame.</summary>
internal sealed class Call : IAsyncDisposable
{
    // The rooms of a fleet take nothing that is not encrypted.
    private static readonly FrameKey SharedKey = FrameKey.FromSecret("the key of a test's participants"u8);

    private readonly HeadlessParticipant[] _people;
    private readonly Stay[] _stays;
    private readonly LeaveRequest?[] _leaves = new LeaveRequest?[2];
    private readonly StallMeter _machine = StallMeter.Start();

    private Call(string room, HeadlessParticipant[] people, Stay[] stays)
    {
        Room = room;
        _stays = stays;
        _people = people;
        for (var i = 0; i < people.Length; i++)
        {
            var who = i;
            people[i].SignalReceived += message => _leaves[who] = message.Leave ?? _leaves[who];
        }
    }

    public string Room { get; }

    /// <summary>What the node told each of them when it sent them away; null while it has not.</summary>
    public IReadOnlyList<LeaveRequest?> Leaves => _leaves;

    public bool IsActive => _people.All(person => person.IsActive);

    /// <summary>How long each was there at least and at most, as they know: they do not see the moment at which the node let them in or go.</summary>
    public IReadOnlyList<Stay> Stays => _stays;

    /// <summary>Joins two people, each through a node, and waits until they see each other.</summary>
    public static async Task<Call> StartAsync(HeadlessNetwork network, string room, NodeProcess first, NodeProcess second)
    {
        var stays = new[] { new Stay(), new Stay() };
        HeadlessParticipant[] people = [await stays[0].JoinAsync(() => JoinAsync(network, room, "alice", first)), await stays[1].JoinAsync(() => JoinAsync(network, room, "bob", second))];
        foreach (var person in people)
        {
            await person.PublishVideoAsync(new VideoPublication { Layers = 1 });
        }

        var call = new Call(room, people, stays);
        await Eventually.TrueAsync(async () => (await call.FramesAsync()).All(frames => frames > 20), $"they see each other in {room}", call.DescribeAsync);
        return call;
    }

    /// <summary>Frames that each has received.</summary>
    public async Task<long[]> FramesAsync() =>
        await Task.WhenAll(_people.Select(async person => (await person.GetStatisticsAsync()).Received.Sum(track => track.Frames)));

    /// <summary>Asserts that both are in the room and still see each other, and that the picture never stood still for longer.</summary>
    public async Task AssertUndisturbedAsync(TimeSpan longestGap)
    {
        var before = await FramesAsync();
        await Eventually.TrueAsync(
            async () => (await FramesAsync()).Zip(before).All(pair => pair.First > pair.Second + 10), $"pictures go on in {Room}");
        foreach (var person in _people)
        {
            var statistics = await person.GetStatisticsAsync();
            Assert.True(person.IsActive, $"{person.Identity} in {Room}: {statistics.EndReason}");
            var gap = statistics.Received.Max(track => track.LongestGap);
            Assert.True(gap <= longestGap + _machine.Allowance, $"{person.Identity} in {Room} saw nothing for {gap}");
            Assert.All(statistics.Received, track => Assert.Equal(0, track.Faults));
        }

        Assert.All(_leaves, Assert.Null);
    }

    /// <summary>Asks the node for a screen to be shared, as a client does before it sends one.</summary>
    public async Task<bool> MayShareScreenAsync()
    {
        var request = new AddTrackRequest { Cid = Guid.NewGuid().ToString(), Name = "screen", Type = TrackType.Video, Source = TrackSource.ScreenShare, Encryption = Encryption.Types.Type.Gcm };
        var answer = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(SignalResponse message)
        {
            if (message.TrackPublished?.Cid == request.Cid)
            {
                answer.TrySetResult(true);
            }
            else if (message.RequestResponse?.AddTrack?.Cid == request.Cid)
            {
                answer.TrySetResult(false);
            }
        }

        _people[0].SignalReceived += Hear;
        _people[0].Send(new SignalRequest { AddTrack = request });
        var allowed = await answer.Task.WaitAsync(Eventually.Patience);
        _people[0].SignalReceived -= Hear;
        return allowed;
    }

    /// <summary>What each has received, for the message of a test that fails.</summary>
    public async Task<string> DescribeAsync() => string.Join('\n', await Task.WhenAll(_people.Select(async person =>
    {
        var statistics = await person.GetStatisticsAsync();
        return $"{statistics.Identity}: sent {statistics.PacketsSent} packets, ended by \"{statistics.EndReason}\", received {string.Join("; ", statistics.Received)}";
    })));

    public async ValueTask DisposeAsync()
    {
        foreach (var (person, stay) in _people.Zip(_stays))
        {
            await stay.LeaveAsync(person.DisposeAsync);
        }

        _machine.Dispose();
    }

    /// <summary>Somebody with the key of these calls comes into a room through a node.</summary>
    internal static Task<HeadlessParticipant> JoinAsync(HeadlessNetwork network, string room, string identity, NodeProcess through) =>
        HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = through.Signal,
            Token = RoomToken.Create(NodeProcess.ApiKey, NodeProcess.ApiSecret, room, identity),
            Network = network,
            SinglePeerConnection = false,
            Key = SharedKey,
        });
}
