using System.Text.Json;
using System.Text.Json.Serialization;
using BuildIt.RoomApi.Identity;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>Where somebody who knocked stands.</summary>
[JsonConverter(typeof(KnockStateJsonConverter))]
public enum KnockState
{
    Waiting,
    Denied,
    Approved,
}

/// <summary>Writes the state in lower case.</summary>
public sealed class KnockStateJsonConverter() : JsonStringEnumConverter<KnockState>(JsonNamingPolicy.CamelCase, allowIntegerValues: false);

/// <summary>Somebody in the waiting room.</summary>
/// <param name="State">Waiting or denied; whoever is approved is no longer here.</param>
/// <param name="Since">When they knocked first.</param>
/// <param name="Seen">When they asked last.</param>
/// <param name="Note">Opaque text for the moderators, which the client should have encrypted for them.</param>
/// <param name="From">Keyed hash of the network they knocked from; empty when that is not known.</param>
public sealed record WaitingEntry(KnockState State, DateTimeOffset Since, DateTimeOffset Seen, string? Note, string From = "");

/// <summary>Waiting rooms of all rooms. Lost with Redis, without harm: whoever waits knocks again. Thread-safe.</summary>
public sealed class WaitingRooms(RedisConnection redis, RegistryKeys keys, TimeProvider time)
{
    /// <summary>Most people who wait for one room at once.</summary>
    public const int Capacity = 500;

    /// <summary>Whoever has not asked for so long has gone away.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Puts somebody into the waiting room, or renews their place. When it is full, whoever comes from a network with fewer people in it
    /// takes the place of the latest from the network with the most: no network keeps the others out.
    /// </summary>
    /// <param name="room">Which.</param>
    /// <param name="participant">Who.</param>
    /// <param name="from">Keyed hash of the network they knock from.</param>
    /// <param name="note">For the moderators.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when it is full.</returns>
    public async Task<WaitingEntry?> KnockAsync(string room, ParticipantId participant, string from, string? note, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var key = keys.WaitingRoom(new RoomId(room));
        while (true)
        {
            var known = await redis.RunAsync(database => database.HashGetAsync(key, participant.Text), cancellation);
            var before = Current(known);
            if (before is null && !await MakeRoomAsync(room, from, cancellation))
            {
                return null;
            }

            var entry = before is null
                ? new WaitingEntry(KnockState.Waiting, now, now, note, from)
                : before with { Seen = now, Note = note ?? before.Note };

            // A moderator who turns them away in this moment is not overwritten.
            var unchanged = known.IsNull ? Condition.HashNotExists(key, participant.Text) : Condition.HashEqual(key, participant.Text, known);
            if (await WriteAsync(key, participant, entry, unchanged, cancellation))
            {
                return entry;
            }
        }
    }

    public async Task<WaitingEntry?> FindAsync(string room, ParticipantId participant, CancellationToken cancellation)
    {
        var value = await redis.RunAsync(database => database.HashGetAsync(keys.WaitingRoom(new RoomId(room)), participant.Text), cancellation);
        return Current(value);
    }

    /// <summary>Those who wait and still ask, longest first.</summary>
    public async Task<IReadOnlyList<(ParticipantId Participant, WaitingEntry Entry)>> ListAsync(string room, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var all = await redis.RunAsync(database => database.HashGetAllAsync(keys.WaitingRoom(new RoomId(room))), cancellation);
        return
        [
            .. all
                .Select(field => (Known: ParticipantId.TryParse(field.Name, out var id), Id: id, Entry: Read(field.Value)))
                .Where(found => found is { Known: true, Entry.State: KnockState.Waiting } && found.Entry.Seen + Patience > now)
                .OrderBy(found => found.Entry!.Since)
                .Select(found => (found.Id, found.Entry!)),
        ];
    }

    public Task DenyAsync(string room, ParticipantId participant, WaitingEntry entry, CancellationToken cancellation) =>
        WriteAsync(keys.WaitingRoom(new RoomId(room)), participant, entry with { State = KnockState.Denied }, null, cancellation);

    public Task RemoveAsync(string room, ParticipantId participant, CancellationToken cancellation) =>
        redis.RunAsync(database => database.HashDeleteAsync(keys.WaitingRoom(new RoomId(room)), participant.Text), cancellation);

    public Task ForgetRoomAsync(string room, CancellationToken cancellation) =>
        redis.RunAsync(database => database.KeyDeleteAsync(keys.WaitingRoom(new RoomId(room))), cancellation);

    private async Task<bool> MakeRoomAsync(string room, string from, CancellationToken cancellation)
    {
        var waiting = await ListAsync(room, cancellation);
        if (waiting.Count < Capacity)
        {
            return true;
        }

        if (WhoGivesWay(waiting, from) is not { } latest)
        {
            return false;
        }

        await RemoveAsync(room, latest, cancellation);
        return true;
    }

    /// <summary>The latest of the network with the most people, if one more from <paramref name="from"/> is still fewer; else null.</summary>
    internal static ParticipantId? WhoGivesWay(IReadOnlyList<(ParticipantId Participant, WaitingEntry Entry)> waiting, string from)
    {
        var most = waiting.GroupBy(item => item.Entry.From).MaxBy(group => group.Count());
        return most is not null && waiting.Count(item => item.Entry.From == from) + 1 < most.Count()
            ? most.MaxBy(item => item.Entry.Since).Participant
            : null;
    }

    private WaitingEntry? Current(RedisValue value) => Read(value) is { } entry && entry.Seen + Lifetime > time.GetUtcNow() ? entry : null;

    private Task<bool> WriteAsync(string key, ParticipantId participant, WaitingEntry entry, Condition? condition, CancellationToken cancellation) => redis.RunAsync(
        database =>
        {
            var write = database.CreateTransaction();
            if (condition is not null)
            {
                write.AddCondition(condition);
            }

            _ = write.HashSetAsync(key, participant.Text, JsonSerializer.SerializeToUtf8Bytes(entry, JsonSerializerOptions.Web));
            _ = write.KeyExpireAsync(key, Lifetime);
            return write.ExecuteAsync();
        },
        cancellation);

    private static WaitingEntry? Read(RedisValue value)
    {
        try
        {
            return value.IsNullOrEmpty ? null : JsonSerializer.Deserialize<WaitingEntry>((string)value!, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
