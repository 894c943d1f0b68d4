using System.Globalization;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>What nodes and the operator write into Redis, as the room-api reads it. Thread-safe.</summary>
public sealed class FleetRegistry(RedisConnection redis, RegistryKeys keys)
{
    private static readonly TimeSpan UsageLifetime = TimeSpan.FromDays(8);

    /// <summary>Heartbeats of all nodes that have not fallen silent.</summary>
    public async Task<IReadOnlyList<Heartbeat>> HeartbeatsAsync(CancellationToken cancellation)
    {
        var values = await redis.RunAsync(
            async database =>
            {
                var nodes = await database.SortedSetRangeByRankAsync(keys.Nodes);
                return nodes.Length == 0
                    ? []
                    : await database.StringGetAsync([.. nodes.Select(node => (RedisKey)keys.Node(new NodeId(node!)))]);
            },
            cancellation);
        return [.. values.Select(Read).OfType<Heartbeat>()];
    }

    public async Task<RoomRoute?> RouteAsync(string room, CancellationToken cancellation)
    {
        var value = await redis.RunAsync(database => database.StringGetAsync(keys.Route(new RoomId(room))), cancellation);
        return ContractJson.TryRead(((ReadOnlyMemory<byte>)value).Span, ContractJson.Default.RoomRoute, out var route) ? route : null;
    }

    /// <summary>
    /// Remembers what rooms use. Each stay is one node's count of one generation since one start, which only grows, so
    /// it does not matter how many replicas write it.
    /// </summary>
    public Task RecordUsageAsync(IReadOnlyList<(RoomId Room, string Stay, StayUsage Used)> usage, CancellationToken cancellation) => redis.RunAsync(
        async database =>
        {
            var writes = new List<Task>(usage.Count * 2);
            foreach (var room in usage.GroupBy(entry => entry.Room))
            {
                var key = keys.Usage(room.Key);
                writes.Add(database.HashSetAsync(key, [.. room.Select(entry => new HashEntry(
                    entry.Stay, string.Create(CultureInfo.InvariantCulture, $"{entry.Used.ParticipantSeconds} {entry.Used.IngressBytes} {entry.Used.EgressBytes} {entry.Used.RelayBytes}")))]));
                writes.Add(database.KeyExpireAsync(key, UsageLifetime));
            }

            await Task.WhenAll(writes);
            return true;
        },
        cancellation);

    public async Task<IReadOnlyDictionary<string, StayUsage>> UsageAsync(string room, CancellationToken cancellation)
    {
        var fields = await redis.RunAsync(database => database.HashGetAllAsync(keys.Usage(new RoomId(room))), cancellation);
        return fields.Select(field => ((string)field.Name!, Used: ReadUsage(field.Value))).Where(field => field.Used is not null)
            .ToDictionary(field => field.Item1, field => field.Used!.Value, StringComparer.Ordinal);
    }

    // Replicas of the version before write no count of links.
    private static StayUsage? ReadUsage(RedisValue value) =>
        value.ToString().Split(' ') is [var seconds, var ingress, var egress, .. var later]
        && double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var time) && double.IsFinite(time) && time >= 0
        && Count(ingress) is { } taken && Count(egress) is { } sent && Count(later is [var relayed, ..] ? relayed : "0") is { } relay
            ? new StayUsage(time, taken, sent, relay)
            : null;

    private static long? Count(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    private static Heartbeat? Read(RedisValue value) =>
        ContractJson.TryRead(((ReadOnlyMemory<byte>)value).Span, ContractJson.Default.Heartbeat, out var heartbeat) ? heartbeat : null;
}
