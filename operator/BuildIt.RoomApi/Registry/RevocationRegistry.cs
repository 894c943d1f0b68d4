using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>
/// Revocations as nodes read them. A copy of what the rooms' annotations say: <see cref="Moderation.RevocationKeeper"/>
/// writes it again when it may be incomplete. Thread-safe.
/// </summary>
public sealed class RevocationRegistry(RedisConnection redis, RegistryKeys keys)
{
    // No token that was issued before the revocation outlives it by more; nodes allow a minute between clocks.
    private static readonly TimeSpan Lifetime = JoinTokens.Lifetime + TimeSpan.FromMinutes(10);

    private const int Attempts = 5;

    // How often something could not be written, and how many of these were made up for. Nobody knows what was decided before
    // this process started.
    private long _faults = 1;
    private long _repaired;

    /// <summary>Writes a revocation where nodes look when somebody joins, unless a later one is there.</summary>
    /// <param name="room">The room.</param>
    /// <param name="participant">Whose tokens.</param>
    /// <param name="decision">Says from when on tokens count.</param>
    /// <param name="removes">True to have the participant put out where they are connected, at once.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Whether a node had entered them as being in the room before.</returns>
    public async Task<bool> WriteAsync(string room, ParticipantId participant, Decision decision, bool removes, CancellationToken cancellation)
    {
        var id = new RoomId(room);
        var revocation = new Revocation
        {
            Room = id,
            Participant = participant.Text,
            NotBefore = DateTimeOffset.FromUnixTimeMilliseconds(decision.TokensFrom),
            KeepsConnected = !removes,
        };
        var json = ContractJson.Write(revocation, ContractJson.Default.Revocation);
        return await CountingFaultsAsync(redis.RunAsync(
            async database =>
            {
                var present = await database.HashExistsAsync(keys.PresenceOf(id), participant.Text);

                // Written before it is told: whoever hears of it finds it.
                await WriteAsync(database, keys.Revocations(id), revocation, json);
                if (removes)
                {
                    await database.PublishAsync(RedisChannel.Literal(keys.RevocationChanges), json);
                }

                return present;
            },
            cancellation));
    }

    /// <summary>
    /// False when Redis is new or was emptied, and when something could not be written since this process last wrote all.
    /// </summary>
    public async Task<bool> IsCompleteAsync(CancellationToken cancellation) =>
        await CountingFaultsAsync(redis.RunAsync(database => database.KeyExistsAsync(keys.RevocationsEpoch), cancellation))
        && Interlocked.Read(ref _faults) == Interlocked.Read(ref _repaired);

    /// <summary>Starts to write all revocations. The result is for <see cref="MarkCompleteAsync"/>.</summary>
    public long Begin() => Interlocked.Read(ref _faults);

    /// <summary>All revocations that were decided before <see cref="Begin"/> are written.</summary>
    public async Task MarkCompleteAsync(long begun, CancellationToken cancellation)
    {
        await CountingFaultsAsync(redis.RunAsync(database => database.StringSetAsync(keys.RevocationsEpoch, "1"), cancellation));
        Interlocked.Exchange(ref _repaired, begun);
    }

    private static async Task WriteAsync(IDatabase database, string key, Revocation revocation, byte[] json)
    {
        for (var attempt = 1; ; attempt++)
        {
            var known = await database.HashGetAsync(key, revocation.Participant);
            if (ContractJson.TryRead(((ReadOnlyMemory<byte>)known).Span, ContractJson.Default.Revocation, out var later) && later.NotBefore > revocation.NotBefore)
            {
                return;
            }

            var write = database.CreateTransaction();
            write.AddCondition(known.IsNull ? Condition.HashNotExists(key, revocation.Participant) : Condition.HashEqual(key, revocation.Participant, known));
            _ = write.HashSetAsync(key, revocation.Participant, json);
            _ = write.KeyExpireAsync(key, Lifetime);
            if (await write.ExecuteAsync() || attempt == Attempts)
            {
                return;
            }
        }
    }

    private async Task<bool> CountingFaultsAsync(Task<bool> work)
    {
        try
        {
            return await work;
        }
        catch
        {
            Interlocked.Increment(ref _faults);
            throw;
        }
    }
}
