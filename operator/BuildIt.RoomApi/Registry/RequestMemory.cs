using BuildIt.RoomApi.Nostr;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>What all replicas remember together about requests: events used, and how many there were. Thread-safe.</summary>
public sealed class RequestMemory(RedisConnection redis, RegistryKeys keys, TimeProvider time)
{
    /// <summary>Remembers a NIP-98 event. False when it was used before, on any replica.</summary>
    public Task<bool> TryUseAsync(string eventId, CancellationToken cancellation) => redis.RunAsync(
        database => database.StringSetAsync(keys.UsedEvent(eventId), RedisValue.EmptyString, HttpAuth.Memory, When.NotExists), cancellation);

    /// <summary>Counts a request in the current window.</summary>
    /// <param name="bucket">Use and keyed hash of the caller.</param>
    /// <param name="limit">Requests allowed in a window.</param>
    /// <param name="window">Its length.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when it is within the limit, else the time until the next window.</returns>
    public async Task<TimeSpan?> CountAsync(string bucket, int limit, TimeSpan window, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var length = (long)window.TotalMilliseconds;
        var key = keys.RateLimit($"{bucket}:{now / length}");
        var count = await redis.RunAsync(
            async database =>
            {
                var counted = database.StringIncrementAsync(key);
                await Task.WhenAll(counted, database.KeyExpireAsync(key, window + window));
                return await counted;
            },
            cancellation);
        return count <= limit ? null : TimeSpan.FromMilliseconds(length - (now % length));
    }
}
