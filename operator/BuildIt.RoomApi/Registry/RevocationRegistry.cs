using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>
/// Revocations as nodes read them. A copy of what the rooms' annotations say: <see cref="Moderation.RevocationKeeper"/>
/// writes it again when Redis was emptied. Thread-safe.
/// </summary>
public sealed class RevocationRegistry(RedisConnection redis, RegistryKeys keys)
{
    // No token that was issued before the revocation outlives it by more; nodes allow a minute between clocks.
    private static readonly TimeSpan Lifetime = JoinTokens.Lifetime + TimeSpan.FromMinutes(10);

    /// <summary>Writes a revocation where nodes look when somebody joins.</summary>
    /// <param name="room">The room.</param>
    /// <param name="participant">Whose tokens.</param>
    /// <param name="notBefore">Tokens issued before this are refused.</param>
    /// <param name="announce">True to tell nodes at once, which put the participant out.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task WriteAsync(string room, ParticipantId participant, DateTimeOffset notBefore, bool announce, CancellationToken cancellation)
    {
        var id = new RoomId(room);
        var json = ContractJson.Write(
            new Revocation { Room = id, Participant = participant.Text, NotBefore = notBefore }, ContractJson.Default.Revocation);
        return redis.RunAsync(
            async database =>
            {
                // In this order on one connection: whoever hears of it finds it.
                var written = database.HashSetAsync(keys.Revocations(id), participant.Text, json);
                var expiry = database.KeyExpireAsync(keys.Revocations(id), Lifetime);
                var told = announce ? database.PublishAsync(RedisChannel.Literal(keys.RevocationChanges), json) : Task.CompletedTask;
                await Task.WhenAll(written, expiry, told);
                return true;
            },
            cancellation);
    }

    /// <summary>False when Redis is new or was emptied.</summary>
    public Task<bool> IsCompleteAsync(CancellationToken cancellation) =>
        redis.RunAsync(database => database.KeyExistsAsync(keys.RevocationsEpoch), cancellation);

    public Task MarkCompleteAsync(CancellationToken cancellation) =>
        redis.RunAsync(database => database.StringSetAsync(keys.RevocationsEpoch, "1"), cancellation);
}
