using System.Diagnostics;
using System.Globalization;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient.LoadTest;

/// <summary>Fills a room: publishers first, then subscribers, then time passes and is measured.</summary>
public sealed class LoadTestRun : IAsyncDisposable
{
    /// <summary>Written when all have joined, before the measured time; another process may wait for it.</summary>
    public const string MeasuringLine = "Measuring";

    private static readonly TimeSpan SpeakerTurn = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ShowInterval = TimeSpan.FromSeconds(1);

    private readonly LoadTestOptions _options;
    private readonly TextWriter _output;
    private readonly HeadlessNetwork _network;
    private readonly List<HeadlessParticipant> _publishers = [];
    private readonly List<HeadlessParticipant> _subscribers = [];
    private readonly List<string> _errors = [];

    public LoadTestRun(LoadTestOptions options, TextWriter output)
    {
        _options = options;
        _output = output;
        _network = new HeadlessNetwork(options.Loops);
    }

    private IEnumerable<HeadlessParticipant> Everyone => _publishers.Concat(_subscribers);

    private IReadOnlyList<HeadlessParticipant> Watching => _options.PublishersSubscribe ? [.. Everyone] : _subscribers;

    /// <summary>Runs to the end of the duration or until cancelled, which is no error.</summary>
    public async Task<LoadTestResult> RunAsync(CancellationToken cancellation)
    {
        await FillAsync(cancellation);
        await ShowAllAsync();
        await DelayAsync(_options.Settle, cancellation);
        await Task.WhenAll(Everyone.Select(participant => participant.ClearLatencyAsync()));

        using var process = Process.GetCurrentProcess();
        var processorTime = process.TotalProcessorTime;
        var (received, sent) = Datagrams();
        var watch = Stopwatch.StartNew();
        await _output.WriteLineAsync($"{MeasuringLine} {_options.Room}: {_publishers.Count} publishers, {_subscribers.Count} subscribers");
        await _output.FlushAsync(CancellationToken.None);
        using var speaking = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var speakers = _options.SimulateSpeakers ? SpeakAsync(speaking.Token) : Task.CompletedTask;
        await DelayAsync(_options.Duration > TimeSpan.Zero ? _options.Duration : Timeout.InfiniteTimeSpan, cancellation);
        await speaking.CancelAsync();
        await speakers;

        var measured = watch.Elapsed;
        process.Refresh();
        var (receivedAfter, sentAfter) = Datagrams();
        return new LoadTestResult
        {
            Options = _options,
            Measured = measured,
            ProcessorTime = process.TotalProcessorTime - processorTime,
            DatagramsReceived = receivedAfter - received,
            DatagramsSent = sentAfter - sent,
            Participants = await Task.WhenAll(Everyone.Select(participant => participant.GetStatisticsAsync())),
            Subscribers = await Task.WhenAll(Watching.Select(async participant => new SubscriberResult(await participant.GetStatisticsAsync(), Expected(participant)))),
            Errors = [.. _errors, .. await EndedAsync()],
        };
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Everyone.Select(participant => participant.DisposeAsync().AsTask()));
        _network.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        var interval = TimeSpan.FromSeconds(1 / _options.NumPerSecond);
        var publishers = Math.Max(_options.VideoPublishers, _options.AudioPublishers);
        var joins = new List<Task>();
        var shown = Stopwatch.GetTimestamp();
        for (var i = 0; i < publishers + _options.Subscribers && !cancellation.IsCancellationRequested; i++)
        {
            joins.Add(i < publishers ? PublishAsync(i, cancellation) : SubscribeAsync(i - publishers, cancellation));

            // Subscribers find every track there, so that their times to the first frame compare.
            if (i == publishers - 1)
            {
                await Task.WhenAll(joins);
            }

            await DelayAsync(interval, cancellation);

            // As clients do when somebody comes: until then all that is published arrives at full size.
            if (_options.PublishersSubscribe && Stopwatch.GetElapsedTime(shown) > ShowInterval)
            {
                shown = Stopwatch.GetTimestamp();
                await ShowAllAsync();
            }
        }

        await Task.WhenAll(joins);
    }

    private async Task PublishAsync(int index, CancellationToken cancellation)
    {
        if (await JoinAsync($"{_options.IdentityPrefix}_pub_{index}", _options.Url, _options.PublishersSubscribe, cancellation) is not { } participant)
        {
            return;
        }

        lock (_publishers)
        {
            _publishers.Add(participant);
        }

        try
        {
            if (index < _options.AudioPublishers)
            {
                await participant.PublishAudioAsync(cancellation);
                await participant.SetAudioLevelAsync(_options.SimulateSpeakers ? 127 : 60);
            }

            if (index < _options.VideoPublishers)
            {
                await participant.PublishVideoAsync(new VideoPublication { Layers = _options.Layers, Simulcast = _options.Simulcast }, cancellation);
            }
        }
        catch (Exception error) when (error is HeadlessException or TimeoutException or OperationCanceledException)
        {
            Note($"publisher {index}: {error.Message}");
        }
    }

    private async Task SubscribeAsync(int index, CancellationToken cancellation)
    {
        if (await JoinAsync($"{_options.IdentityPrefix}_sub_{index}", _options.SubscriberUrl, subscribes: true, cancellation) is { } participant)
        {
            lock (_subscribers)
            {
                _subscribers.Add(participant);
            }

            await ShowAsync(participant);
        }
    }

    private async Task<HeadlessParticipant?> JoinAsync(string identity, Uri url, bool subscribes, CancellationToken cancellation)
    {
        try
        {
            return await HeadlessParticipant.JoinAsync(
                new HeadlessOptions
                {
                    Url = url,
                    Token = RoomToken.Create(_options.ApiKey, _options.ApiSecret, _options.Room, identity),
                    Network = _network,
                    AutoSubscribe = subscribes,
                    SinglePeerConnection = !_options.DualPeerConnection,
                    DecryptOneIn = _options.DecryptOneIn,
                    Data = false,
                },
                cancellation);
        }
        catch (Exception error) when (error is HeadlessException or OperationCanceledException)
        {
            Note($"{identity}: {error.Message}");
            return null;
        }
    }

    private Task ShowAllAsync()
    {
        HeadlessParticipant[] there;
        lock (_publishers)
        {
            lock (_subscribers)
            {
                there = [.. Watching];
            }
        }

        return Task.WhenAll(there.Where(participant => participant.IsActive).Select(ShowAsync));
    }

    /// <summary>Lays out what a participant watches.</summary>
    private Task ShowAsync(HeadlessParticipant participant)
    {
        var videos = VideosFor(participant);
        return Task.WhenAll(videos
            .Select((sid, place) => (Sid: sid, Size: _options.Layout.SizeOf(place)))
            .GroupBy(tile => tile.Size, tile => tile.Sid)
            .Select(group => participant.SetTrackSettingsAsync(group, group.Key.Width, group.Key.Height, disabled: group.Key.Width == 0)));
    }

    /// <summary>Every participant begins with another, so that not all watch the same few.</summary>
    private static List<string> VideosFor(HeadlessParticipant participant)
    {
        var sids = participant.Others.Values
            .OrderBy(other => other.Identity, StringComparer.Ordinal)
            .SelectMany(other => other.Tracks)
            .Where(track => track.Type == TrackType.Video)
            .Select(track => track.Sid)
            .ToList();
        var digits = participant.Identity.AsSpan(participant.Identity.LastIndexOf('_') + 1);
        var first = sids.Count > 0 && int.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? number % sids.Count : 0;
        return [.. sids.Skip(first), .. sids.Take(first)];
    }

    private int Expected(HeadlessParticipant participant)
    {
        var tracks = participant.Others.Values.SelectMany(other => other.Tracks).ToArray();
        var videos = tracks.Count(track => track.Type == TrackType.Video);
        return Math.Min(videos, _options.Layout.Tiles) + tracks.Length - videos;
    }

    private async Task SpeakAsync(CancellationToken cancellation)
    {
        for (var turn = 0; !cancellation.IsCancellationRequested && _publishers.Count > 0; turn++)
        {
            var speaker = _publishers[turn % _publishers.Count];
            await speaker.SetAudioLevelAsync(20);
            await DelayAsync(SpeakerTurn, cancellation);
            await speaker.SetAudioLevelAsync(127);
        }
    }

    private async Task<IEnumerable<string>> EndedAsync()
    {
        var ended = new List<string>();
        foreach (var participant in Everyone.Where(participant => !participant.IsActive))
        {
            ended.Add($"{participant.Identity}: {(await participant.GetStatisticsAsync()).EndReason}");
        }

        if (_network.Fault is { } fault)
        {
            ended.Add($"this program: {fault}");
        }

        return ended;
    }

    private (long Received, long Sent) Datagrams() =>
        (_network.Loops.Sum(loop => loop.Statistics.PacketsReceived), _network.Loops.Sum(loop => loop.Statistics.PacketsSent));

    private void Note(string error)
    {
        lock (_errors)
        {
            _errors.Add(error);
        }
    }

    private static async Task DelayAsync(TimeSpan time, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The user has seen enough: what was measured so far is reported.
        }
    }
}
