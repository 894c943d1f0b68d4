using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Statistics;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>
/// Two well-behaved participants of a room: one sends video in two layers and sound, the other receives and checks every frame.
/// What somebody else does in the room must not show here.
/// </summary>
internal sealed class Bystanders : IAsyncDisposable
{
    private readonly HeadlessNetwork _network;
    private ParticipantStatistics? _before;
    private StallMeter? _machine;
    private long _keyFramesBefore;

    private Bystanders(HeadlessNetwork network, HeadlessParticipant speaker, HeadlessParticipant listener, string video, string audio)
    {
        (_network, Speaker, Listener, Video, Audio) = (network, speaker, listener, video, audio);
    }

    public HeadlessParticipant Speaker { get; }

    public HeadlessParticipant Listener { get; }

    /// <summary>Sid of the speaker's video.</summary>
    public string Video { get; }

    /// <summary>Sid of the speaker's sound.</summary>
    public string Audio { get; }

    public static async Task<Bystanders> JoinAsync(SfuNode node, string room)
    {
        var network = new HeadlessNetwork();
        var speaker = await HeadlessParticipant.JoinAsync(Options(node, network, room, "speaker"));
        var video = await speaker.PublishVideoAsync(new VideoPublication { Layers = 2 });
        var audio = await speaker.PublishAudioAsync();
        var listener = await HeadlessParticipant.JoinAsync(Options(node, network, room, "listener"));
        var bystanders = new Bystanders(network, speaker, listener, video, audio);
        await bystanders.ReceivesAsync();
        return bystanders;
    }

    /// <summary>From here on it counts.</summary>
    public async Task StartAsync()
    {
        _machine?.Dispose();
        _machine = StallMeter.Start();
        await Listener.ClearGapsAsync();
        _before = await Listener.GetStatisticsAsync();
        _keyFramesBefore = (await Speaker.GetStatisticsAsync()).KeyFrameRequestsReceived;
    }

    /// <summary>What the listener got since <see cref="StartAsync"/>.</summary>
    public async Task<Reception> StopAsync()
    {
        var after = await Listener.GetStatisticsAsync();
        Assert.Null(_network.Fault);
        Assert.Equal("", after.EndReason);
        var speaker = await Speaker.GetStatisticsAsync();
        Assert.Equal("", speaker.EndReason);
        return new Reception(
            Since(Video, track => track.Frames),
            Since(Audio, track => track.Frames),
            Since(Video, track => track.Lost) + Since(Audio, track => track.Lost),
            Since(Video, track => track.Faults) + Since(Audio, track => track.Faults),
            Of(after, Video).LongestGap,
            Of(after, Audio).LongestGap,
            speaker.KeyFrameRequestsReceived - _keyFramesBefore,
            _machine!.Allowance);

        long Since(string track, Func<TrackStatistics, long> count) => count(Of(after, track)) - count(Of(_before!, track));
    }

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        await Speaker.DisposeAsync();
        _machine?.Dispose();
        _network.Dispose();
    }

    public static HeadlessOptions Options(SfuNode node, HeadlessNetwork network, string room, string identity) => new()
    {
        Url = new Uri(node.HttpUrl),
        Token = SfuNode.Token(room, identity, token => token.Grant = token.Grant with { CanUpdateOwnMetadata = true }),
        Network = network,
    };

    private static TrackStatistics Of(ParticipantStatistics statistics, string track) => statistics.Received.First(t => t.TrackSid == track);

    private async Task ReceivesAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var received = (await Listener.GetStatisticsAsync()).Received;
            if (received.Any(t => t.TrackSid == Video && t.Frames > 20) && received.Any(t => t.TrackSid == Audio && t.Frames > 20))
            {
                return;
            }

            await Task.Delay(50, limit.Token);
        }
    }
}

/// <summary>What one participant received of another's video and sound during a test, and what the machine itself held up.</summary>
internal sealed record Reception(
    long VideoFrames, long AudioFrames, long Lost, long Faults, TimeSpan VideoGap, TimeSpan AudioGap, long KeyFrameRequests, TimeSpan MachineAllowance)
{
    /// <summary>Whether picture and sound went on: no gap beyond the limit and what the machine held up.</summary>
    public bool GoesOn(TimeSpan limit) => VideoGap <= limit + MachineAllowance && AudioGap <= limit + MachineAllowance;

    public override string ToString() =>
        $"{VideoFrames} pictures, longest gap {VideoGap.TotalMilliseconds:0} ms; {AudioFrames} sounds, longest gap {AudioGap.TotalMilliseconds:0} ms; {Lost} lost, {Faults} faults, {KeyFrameRequests} key frames asked for; the machine may have held up {MachineAllowance.TotalMilliseconds:0} ms";
}
