using System.Collections.Concurrent;
using System.Security.Cryptography;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient;

/// <summary>
/// A headless participant that publishes, and joins anew with the same token when its session ends for any reason but its own,
/// at the times at which LiveKit's Rust SDK does. Any thread may use it.
/// </summary>
public sealed class ReturningParticipant : IAsyncDisposable
{
    private const int Attempts = 10;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(7);

    private readonly HeadlessOptions _options;
    private readonly VideoPublication? _video;
    private readonly bool _audio;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, string> _identities = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _counting = new(1);

    // Of the sessions that are over; the one under way is added while it is not null.
    private Dictionary<(string From, MediaKind Kind), long> _earlierFrames = [];
    private HeadlessParticipant? _counted;
    private HeadlessParticipant _session;
    private Task _work = Task.CompletedTask;
    private volatile string? _fault;
    private volatile string? _lastEnd;
    private int _returns;

    private ReturningParticipant(HeadlessOptions options, VideoPublication? video, bool audio, HeadlessParticipant session)
    {
        _options = options;
        _video = video;
        _audio = audio;
        _session = _counted = session;
        Identity = session.Identity;
    }

    public string Identity { get; }

    /// <summary>How often it came back.</summary>
    public int TimesReturned => Volatile.Read(ref _returns);

    /// <summary>Why the session before this one ended; null while it is the first.</summary>
    public string? LastEnd => _lastEnd;

    /// <summary>Why it gave up; null while it has not.</summary>
    public string? Fault => _fault;

    /// <summary>Joins and publishes.</summary>
    /// <param name="options">How to join, the first time and every other.</param>
    /// <param name="video">The camera; null for none.</param>
    /// <param name="audio">Whether it publishes the tone.</param>
    /// <param name="cancellation">Gives up the first time.</param>
    /// <exception cref="HeadlessException">The first join failed.</exception>
    public static async Task<ReturningParticipant> StartAsync(HeadlessOptions options, VideoPublication? video, bool audio, CancellationToken cancellation = default)
    {
        var session = await HeadlessParticipant.JoinAsync(options, cancellation);
        var participant = new ReturningParticipant(options, video, audio, session);
        await participant.BeginAsync(session, cancellation);
        participant._work = Task.Run(participant.ReturnAsync, CancellationToken.None);
        return participant;
    }

    /// <summary>Whole frames received so far, over all sessions, by who sent them.</summary>
    public async Task<IReadOnlyDictionary<(string From, MediaKind Kind), long>> FramesAsync()
    {
        await _counting.WaitAsync();
        try
        {
            return await CountAsync();
        }
        finally
        {
            _counting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _session.DisposeAsync();
        _stop.Dispose();
        _counting.Dispose();
    }

    private async Task ReturnAsync()
    {
        try
        {
            while (true)
            {
                _lastEnd = await _session.Ended.WaitAsync(_stop.Token);
                await CountAsync(null);
                var session = await RejoinAsync(_stop.Token);
                var lost = _session;
                _session = session;
                await CountAsync(session);
                Interlocked.Increment(ref _returns);
                await BeginAsync(session, _stop.Token);
                await lost.DisposeAsync();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It is leaving.
        }
        catch (Exception error) when (error is HeadlessException or TimeoutException)
        {
            _fault = error.Message;
        }
    }

    private async Task<HeadlessParticipant> RejoinAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var longest = TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << attempt));
            await Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1 + (int)longest.TotalMilliseconds)), cancellation);
            try
            {
                return await HeadlessParticipant.JoinAsync(_options, cancellation);
            }
            catch (HeadlessException) when (attempt + 1 < Attempts)
            {
                // The next attempt may find the room where it is now.
            }
        }
    }

    private async Task BeginAsync(HeadlessParticipant session, CancellationToken cancellation)
    {
        session.SignalReceived += message => Learn(message.Update?.Participants ?? []);
        Learn([.. session.Join.OtherParticipants, .. session.Others.Values]);
        try
        {
            if (_video is not null)
            {
                await session.PublishVideoAsync(_video, cancellation);
            }

            if (_audio)
            {
                await session.PublishAudioAsync(cancellation);
            }
        }
        catch (HeadlessException) when (!session.IsActive)
        {
            // Lost again already; the next session publishes.
        }
    }

    /// <summary>Closes the account of the session that was counted and goes on with the next.</summary>
    private async Task CountAsync(HeadlessParticipant? next)
    {
        await _counting.WaitAsync();
        try
        {
            _earlierFrames = await CountAsync();
            _counted = next;
        }
        finally
        {
            _counting.Release();
        }
    }

    private async Task<Dictionary<(string From, MediaKind Kind), long>> CountAsync()
    {
        var frames = new Dictionary<(string From, MediaKind Kind), long>(_earlierFrames);
        foreach (var track in _counted is null ? [] : (await _counted.GetStatisticsAsync()).Received)
        {
            if (_identities.TryGetValue(track.PublisherSid, out var from))
            {
                frames[(from, track.Kind)] = frames.GetValueOrDefault((from, track.Kind)) + track.Frames;
            }
        }

        return frames;
    }

    private void Learn(IEnumerable<ParticipantInfo> participants)
    {
        foreach (var participant in participants)
        {
            _identities[participant.Sid] = participant.Identity;
        }
    }
}
