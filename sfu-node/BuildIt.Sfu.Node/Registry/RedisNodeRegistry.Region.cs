using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.Sfu.Node.Registry;

/// <summary>Rooms and participants of the region.</summary>
public sealed partial class RedisNodeRegistry
{
    /// <summary>Presence of a room that nobody writes any more goes by itself after this long.</summary>
    private static readonly TimeSpan PresenceExpiry = TimeSpan.FromDays(1);

    // A participant that has come back through another node is that node's to remove.
    private const string RemoveOwnPresence =
        """
        local value = redis.call('HGET', KEYS[1], ARGV[1])
        if value and cjson.decode(value).node == ARGV[2] then
            return redis.call('HDEL', KEYS[1], ARGV[1])
        end
        return 0
        """;

    public async Task WatchAsync(Action<RoomId> routeChanged, Action<Revocation> revoked)
    {
        (RedisChannel Channel, Action<RedisChannel, RedisValue> Hear)[] watched =
        [
            (RedisChannel.Literal(_keys.RouteChanges), (_, room) =>
            {
                if (room.ToString() is { Length: > 0 and <= RoomId.MaxLength } id)
                {
                    routeChanged(new RoomId(id));
                }
            }),
            (RedisChannel.Literal(_keys.RevocationChanges), (_, json) =>
            {
                if (Read(json, ContractJson.Default.Revocation) is { } revocation)
                {
                    revoked(revocation);
                }
            }),
        ];
        var subscriber = _connection.GetSubscriber();
        try
        {
            foreach (var (channel, hear) in watched)
            {
                await subscriber.SubscribeAsync(channel, hear);
            }
        }
        catch (Exception e) when (e is RedisException or TimeoutException or WebException)
        {
            // The client library keeps a handler for when the server is back, although it says that it could not subscribe. The next
            // attempt brings its own.
            foreach (var (channel, hear) in watched)
            {
                await subscriber.UnsubscribeAsync(channel, hear, CommandFlags.FireAndForget);
            }

            throw new RegistryUnavailableException("The registry does not answer.", e);
        }
    }

    public Task<RouteAnswer> LookUpAsync(RoomId room, CancellationToken cancellation) => GuardAsync(async database =>
    {
        // Of the primary only: what a replica does not have may be on its way.
        var values = await database.StringGetAsync([_keys.Route(room), _keys.Epoch], CommandFlags.DemandMaster);
        var route = Read(values[0], ContractJson.Default.RoomRoute);
        return new RouteAnswer(route, route is not null || (values[0].IsNull && !values[1].IsNull));
    }).WaitAsync(cancellation);

    public Task<IReadOnlyList<RoomRoute?>> FindRoutesAsync(IReadOnlyList<RoomId> rooms, CancellationToken cancellation) => GuardAsync(async database =>
    {
        if (rooms.Count == 0)
        {
            return [];
        }

        var values = await database.StringGetAsync([.. rooms.Select(room => (RedisKey)_keys.Route(room))]);
        return (IReadOnlyList<RoomRoute?>)[.. values.Select(value => Read(value, ContractJson.Default.RoomRoute))];
    }).WaitAsync(cancellation);

    public Task<Revocation?> FindRevocationAsync(RoomId room, string participant, CancellationToken cancellation) => GuardAsync(async database =>
        Read(await database.HashGetAsync(_keys.Revocations(room), participant), ContractJson.Default.Revocation)).WaitAsync(cancellation);

    public Task<IReadOnlyList<Revocation>> ListRevocationsAsync(RoomId room, CancellationToken cancellation) => GuardAsync(async database =>
    {
        var values = await database.HashValuesAsync(_keys.Revocations(room));
        return (IReadOnlyList<Revocation>)[.. values.Select(value => Read(value, ContractJson.Default.Revocation)).OfType<Revocation>()];
    }).WaitAsync(cancellation);

    public Task<bool> IsPresentAsync(RoomId room, string participant, CancellationToken cancellation) =>
        GuardAsync(database => database.HashExistsAsync(_keys.PresenceOf(room), participant)).WaitAsync(cancellation);

    public Task SetPresenceAsync(RoomId room, IReadOnlyCollection<Presence> present, CancellationToken cancellation) => GuardAsync(async database =>
    {
        if (present.Count == 0)
        {
            return true;
        }

        var key = _keys.PresenceOf(room);
        HashEntry[] entries =
        [
            .. present.Select(p => new HashEntry(p.Participant, JsonSerializer.SerializeToUtf8Bytes(p, ContractJson.Default.Presence))),
        ];
        await Task.WhenAll(database.HashSetAsync(key, entries), database.KeyExpireAsync(key, PresenceExpiry));
        return true;
    }).WaitAsync(cancellation);

    public Task RemovePresenceAsync(RoomId room, string participant, NodeId node, CancellationToken cancellation) => GuardAsync(database =>
        database.ScriptEvaluateAsync(RemoveOwnPresence, [_keys.PresenceOf(room)], [participant, node.Value])).WaitAsync(cancellation);

    public Task ClearPresenceAsync(RoomId room, CancellationToken cancellation) =>
        GuardAsync(database => database.KeyDeleteAsync(_keys.PresenceOf(room))).WaitAsync(cancellation);

    public Task<IReadOnlyList<Heartbeat>> ListNodesAsync(CancellationToken cancellation) => GuardAsync(async database =>
    {
        var ids = await database.SortedSetRangeByRankAsync(_keys.Nodes);
        if (ids.Length == 0)
        {
            return [];
        }

        var values = await database.StringGetAsync([.. ids.Select(id => (RedisKey)_keys.Node(new NodeId(id.ToString())))]);
        return (IReadOnlyList<Heartbeat>)[.. values.Select(value => Read(value, ContractJson.Default.Heartbeat)).OfType<Heartbeat>()];
    }).WaitAsync(cancellation);

    private static T? Read<T>(RedisValue value, JsonTypeInfo<T> type)
        where T : class => ContractJson.TryRead(((ReadOnlyMemory<byte>)value).Span, type, out var read) ? read : null;
}
