using System.Collections.Immutable;
using System.Text;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Http.Streams;

/// <summary>
/// Follows the rooms that somebody streams from. Redis tells of changes; because what it tells may be lost, every room is also read
/// from time to time. Thread-safe.
/// </summary>
public sealed partial class RoomFeeds(
    RoomCalls calls,
    CommitLog log,
    RedisConnection redis,
    RegistryKeys keys,
    IHostApplicationLifetime lifetime,
    RoomApiMetrics metrics,
    TimeProvider time,
    ILogger<RoomFeeds> logger) : BackgroundService
{
    /// <summary>Within this a stream learns what nobody told of.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>Streams of one participant in one room at one replica.</summary>
    public const int MostOfOne = 4;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, RoomFeed> _feeds = new(StringComparer.Ordinal);

    /// <summary>The feed of a room, for one stream. <see cref="Leave"/> has to follow.</summary>
    /// <exception cref="ApiProblem">The participant has too many.</exception>
    internal RoomFeed Enter(RoomCall call)
    {
        lock (_lock)
        {
            if (!_feeds.TryGetValue(call.Id, out var feed))
            {
                feed = new RoomFeed(call.Id, new FeedState(call.Room, null, ImmutableDictionary<ParticipantId, int>.Empty, ImmutableDictionary<ParticipantId, int>.Empty), lifetime.ApplicationStopping);
                _feeds[call.Id] = feed;
                _ = FollowAsync(feed);
            }

            if (!feed.TryEnter(call.Me, MostOfOne))
            {
                throw ApiProblem.TooMany("streams of this member", TimeSpan.FromSeconds(5));
            }

            metrics.Streams.Inc();
            return feed;
        }
    }

    internal void Leave(RoomFeed feed, ParticipantId participant)
    {
        lock (_lock)
        {
            metrics.Streams.Dec();
            if (feed.Leave(participant))
            {
                _feeds.Remove(feed.Id);
                feed.Dispose();
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A subscription that stands is kept over every loss of the connection.
        await SubscribeAsync(keys.CommitLogChanges, room => Find(room)?.Wake(room: false), stoppingToken);
        await SubscribeAsync(keys.RevocationChanges, OnRevocation, stoppingToken);
        await SubscribeAsync(keys.MailChanges, OnMail, stoppingToken);
    }

    private async Task SubscribeAsync(string channel, Action<string> handler, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await redis.SubscribeAsync(channel, handler, stopping);
                return;
            }
            catch (RegistryUnavailableException)
            {
                await Task.Delay(RetryInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void OnRevocation(string json)
    {
        if (ContractJson.TryRead(Encoding.UTF8.GetBytes(json), ContractJson.Default.Revocation, out var revocation) && Find(revocation.Room.Value) is { } feed)
        {
            if (!revocation.KeepsConnected && ParticipantId.TryParse(revocation.Participant, out var participant))
            {
                feed.PutOut(participant);
            }

            feed.Wake(room: true);
        }
    }

    private void OnMail(string message)
    {
        if (message.Split(' ') is [var room, var to] && ParticipantId.TryParse(to, out var participant))
        {
            Find(room)?.Deliver(participant);
        }
    }

    private RoomFeed? Find(string room)
    {
        lock (_lock)
        {
            return _feeds.GetValueOrDefault(room);
        }
    }

    private async Task FollowAsync(RoomFeed feed)
    {
        var stopping = feed.Stopping;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (feed.Begin())
                {
                    feed.SetRoom(await calls.FindAsync(feed.Id, stopping));
                }

                if (feed.Current.State.Room is { } room)
                {
                    feed.SetHead((await log.ReadAsync(RoomCalls.LogOf(room), 0, 0, stopping)).Head);
                }
            }
            catch (Exception e) when (e is RegistryUnavailableException or KubernetesUnavailableException)
            {
                // Streams stay open: what was known still counts.
            }
            catch (Exception e) when (!Stopping.Explains(e, stopping))
            {
                metrics.BackgroundFaults.WithLabels("room_feed").Inc();
                LogFault(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            if (!await WokenAsync(feed, stopping))
            {
                feed.Wake(room: true);
            }
        }
    }

    private async Task<bool> WokenAsync(RoomFeed feed, CancellationToken stopping)
    {
        try
        {
            await feed.Woken.WaitAsync(LookInterval, time, stopping);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Following a room failed unexpectedly; it goes on")]
    private partial void LogFault(Exception failure);
}
