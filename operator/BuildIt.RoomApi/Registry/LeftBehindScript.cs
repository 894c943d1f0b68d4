namespace BuildIt.RoomApi.Registry;

/// <summary>
/// The beginning of every script that keeps what members leave: it counts the bytes of all names together, and takes those out that have
/// expired. Keys: the name that is written, <c>LeftBehind</c>, <c>LeftBehindBytes</c>. First argument: how long the name is kept, in
/// milliseconds.
/// </summary>
internal static class LeftBehindScript
{
    public const string Begin =
        """
        local name, index, sizes = KEYS[1], KEYS[2], KEYS[3]
        local lifetime = tonumber(ARGV[1])
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        if redis.call('EXISTS', index) == 0 then
            redis.call('DEL', sizes)
        end
        for _, key in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, 16)) do
            redis.call('HINCRBY', sizes, 'total', -(tonumber(redis.call('HGET', sizes, key)) or 0))
            redis.call('HDEL', sizes, key)
            redis.call('ZREM', index, key)
        end
        local function known()
            return tonumber(redis.call('HGET', sizes, name)) or 0
        end
        local function fits(size, most)
            return (tonumber(redis.call('HGET', sizes, 'total')) or 0) + size - known() <= tonumber(most)
        end
        local function count(size)
            redis.call('HINCRBY', sizes, 'total', size - known())
            redis.call('HSET', sizes, name, size)
            redis.call('PEXPIRE', name, lifetime)
            redis.call('ZADD', index, now + lifetime, name)
        end

        """;
}
