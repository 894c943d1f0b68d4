using BuildIt.RoomApi.Nostr;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>What all replicas remember together about requests: events used, and how many there were. Thread-safe.</summary>
public sealed class RequestMemory(RedisConnection redis, RegistryKeys keys, UsedEvents used, TimeProvider time)
{
    private readonly string _replica = Guid.NewGuid().ToString("N");

    /// <summary>Remembers a NIP-98 event. False when it was used before, on any replica.</summary>
    public async Task<bool> TryUseAsync(string eventId, CancellationToken cancellation)
    {
        // Here first: what this replica has taken it does not take again, whatever became of Redis.
        if (!used.TryAdd(eventId))
        {
            return false;
        }

        return await redis.RunAsync(
            database => database.StringSetAsync(keys.UsedEvent(eventId), RedisValue.EmptyString, HttpAuth.Memory, When.NotExists), cancellation);
    }

    /// <summary>Writes into a Redis that was emptied, or is new, which events this replica has taken.</summary>
    public Task<bool> RestoreAsync(CancellationToken cancellation) => redis.RunAsync(
        async database =>
        {
            if (await database.KeyExistsAsync(keys.UsedEventsKept(_replica)))
            {
                return false;
            }

            foreach (var some in used.All().Chunk(1000))
            {
                await Task.WhenAll(some.Select(entry => database.StringSetAsync(keys.UsedEvent(entry.Event), RedisValue.EmptyString, entry.Left)));
            }

            // Ends by itself when the replica is gone; written again a little too often does no harm.
            return await database.StringSetAsync(keys.UsedEventsKept(_replica), RedisValue.EmptyString, HttpAuth.Memory);
        },
        cancellation);

    /// <summary>Counts a request in the current window.</summary>
    /// <param name="bucket">Use and keyed hash of the caller.</param>
    /// <param name="limit">Requests allowed in a window.</param>
    /// <param name="window">Its length.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="amount">How much to count.</param>
    /// <returns>Null when it is within the limit, else the time until the next window.</returns>
    public async Task<TimeSpan?> CountAsync(string bucket, int limit, TimeSpan window, CancellationToken cancellation, long amount = 1)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var length = (long)window.TotalMilliseconds;
        var key = keys.RateLimit($"{bucket}:{now / length}");
        var count = await redis.RunAsync(
            async database =>
            {
                var counted = database.StringIncrementAsync(key, amount);
                await Task.WhenAll(counted, database.KeyExpireAsync(key, window + window));
                return await counted;
            },
            cancellation);
        return count <= limit ? null : TimeSpan.FromMilliseconds(length - (now % length));
    }
}
