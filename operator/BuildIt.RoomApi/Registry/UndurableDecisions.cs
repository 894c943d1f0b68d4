using BuildIt.Operator.Api;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>
/// Decisions that take rights away and that the Kubernetes API has not taken yet. They count from when they are made, on every
/// replica, and are written into their room by <see cref="Moderation.DecisionKeeper"/> as soon as it can be. Thread-safe.
/// </summary>
public sealed class UndurableDecisions(RedisConnection redis, RegistryKeys keys)
{
    private const int Attempts = 5;

    /// <summary>Keeps a decision, unless a later one about the same participant waits already.</summary>
    public Task PutAsync(string room, ParticipantId participant, Decision decision, CancellationToken cancellation) => redis.RunAsync(
        async database =>
        {
            var key = keys.UndurableDecisions(new RoomId(room));

            // The room before what is kept of it: one that is named for nothing is struck off again.
            await database.SetAddAsync(keys.RoomsWithUndurableDecisions, room);
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var known = await database.HashGetAsync(key, participant.Hex);
                if (!known.IsNull && RoomAnnotations.Read(known!).TokensFrom > decision.TokensFrom)
                {
                    return true;
                }

                var write = database.CreateTransaction();
                write.AddCondition(known.IsNull ? Condition.HashNotExists(key, participant.Hex) : Condition.HashEqual(key, participant.Hex, known));
                _ = write.HashSetAsync(key, participant.Hex, RoomAnnotations.Write(decision));
                if (await write.ExecuteAsync())
                {
                    return true;
                }
            }

            return false;
        },
        cancellation);

    /// <summary>Has what waits count in a room as it was read. The object itself is not written.</summary>
    public async Task ApplyAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        foreach (var (participant, decision, _) in await OfAsync(room.Metadata.Name, cancellation))
        {
            if (decision.Outdates(RoomAnnotations.Of(room, participant)))
            {
                (room.Metadata.Annotations ??= new Dictionary<string, string>())[RoomAnnotations.NameFor(participant)] = RoomAnnotations.Write(decision);
            }
        }
    }

    /// <summary>Rooms about whose participants something waits.</summary>
    public async Task<IReadOnlyList<string>> RoomsAsync(CancellationToken cancellation) =>
        [.. (await redis.RunAsync(database => database.SetMembersAsync(keys.RoomsWithUndurableDecisions), cancellation)).Select(room => room.ToString())];

    /// <summary>What waits in a room, with the text that it is kept as.</summary>
    public async Task<IReadOnlyList<(ParticipantId Participant, Decision Decision, string Text)>> OfAsync(string room, CancellationToken cancellation)
    {
        var all = await redis.RunAsync(database => database.HashGetAllAsync(keys.UndurableDecisions(new RoomId(room))), cancellation);
        return
        [
            .. all
                .Select(field => (Known: ParticipantId.TryParseHex(field.Name!, out var id), Id: id, Text: field.Value.ToString()))
                .Where(found => found.Known)
                .Select(found => (found.Id, RoomAnnotations.Read(found.Text), found.Text)),
        ];
    }

    /// <summary>A decision is durable, or its room is gone. One that was made meanwhile stays.</summary>
    public Task RemoveAsync(string room, ParticipantId participant, string text, CancellationToken cancellation) => redis.RunAsync(
        database =>
        {
            var key = keys.UndurableDecisions(new RoomId(room));
            var write = database.CreateTransaction();
            write.AddCondition(Condition.HashEqual(key, participant.Hex, text));
            _ = write.HashDeleteAsync(key, participant.Hex);
            return write.ExecuteAsync();
        },
        cancellation);

    /// <summary>Strikes a room off in which nothing waits any more.</summary>
    public Task ForgetAsync(string room, CancellationToken cancellation) => redis.RunAsync(
        database =>
        {
            var write = database.CreateTransaction();
            write.AddCondition(Condition.KeyNotExists(keys.UndurableDecisions(new RoomId(room))));
            _ = write.SetRemoveAsync(keys.RoomsWithUndurableDecisions, room);
            return write.ExecuteAsync();
        },
        cancellation);
}
