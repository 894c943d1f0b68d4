using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.Operator.Rooms;

/// <summary>Writes routes into a registry so that whoever is behind cannot undo what is newer.</summary>
internal static class RouteScript
{
    /// <summary>
    /// How long a leader's term is remembered after its last write. One that was passed over for so long has lost its lease by its own
    /// clock; and a cluster that was set back to a backup, whose terms count from an earlier one, is heard again.
    /// </summary>
    private static readonly TimeSpan TermExpiry = TimeSpan.FromMinutes(1);

    private const long Fenced = -1;

    // Read, compared and written in one step. A leader of an earlier term has no say at all; one of this term cannot put an older
    // placement over a newer one, nor a room that goes on over its end: nodes do not take an end back.
    private const string Script =
        """
        local term = tonumber(redis.call('GET', KEYS[4]))
        if term and term > tonumber(ARGV[6]) then
            return -1
        end
        redis.call('SET', KEYS[4], ARGV[6], 'EX', ARGV[7])
        local known = redis.call('GET', KEYS[1])
        if known then
            local read, route = pcall(cjson.decode, known)
            local generation = read and type(route) == 'table' and tonumber(route.generation)
            if generation and generation <= tonumber(ARGV[8]) then
                local over = route.state == 'Ended' and tonumber(ARGV[3]) == 0
                local stale = generation == tonumber(ARGV[2]) and (tonumber(route.revision) or 0) > tonumber(ARGV[9])
                if generation > tonumber(ARGV[2]) or stale or (over and generation == tonumber(ARGV[2])) then
                    return generation
                end
            end
        end
        if tonumber(ARGV[3]) > 0 then
            redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
            redis.call('DEL', KEYS[2], KEYS[3])
        else
            redis.call('SET', KEYS[1], ARGV[1])
        end
        redis.call('PUBLISH', ARGV[4], ARGV[5])
        return 0
        """;

    /// <summary>Writes a route unless a higher generation is there, or a higher revision of the same, or one that has ended at the same.</summary>
    /// <param name="database">The registry.</param>
    /// <param name="keys">Its names.</param>
    /// <param name="route">The route.</param>
    /// <param name="json">The same as it is written.</param>
    /// <param name="term">The term of the leader that writes.</param>
    /// <returns>The generation that is there and is newer; 0 when the route was written.</returns>
    /// <exception cref="RedisException">The registry does not answer, or has heard a leader of a later term.</exception>
    public static async Task<long> WriteAsync(IDatabase database, RegistryKeys keys, RoomRoute route, byte[] json, long term)
    {
        var ended = route.State is RoomRouteState.Ended;
        var result = (long)await database.ScriptEvaluateAsync(
            Script,
            [keys.Route(route.Room), keys.PresenceOf(route.Room), keys.WaitingRoom(route.Room), keys.Term],
            [
                json, route.Generation, ended ? (long)RoomRoute.EndedExpiry.TotalSeconds : 0, keys.RouteChanges, route.Room.Value,
                term, (long)TermExpiry.TotalSeconds, RoomRoute.MaxGeneration, route.Revision,
            ]).ConfigureAwait(false);
        return result is Fenced ? throw new RedisException($"the registry has heard a leader of a later term than {term}") : result;
    }
}
