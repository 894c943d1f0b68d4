using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>What an idempotency key stands for.</summary>
/// <param name="Room">The id that is reserved for it.</param>
/// <param name="Created">True once the room existed.</param>
/// <param name="SameBody">False when the key was first used with another body.</param>
public sealed record Reservation(string Room, bool Created, bool SameBody);

/// <summary>
/// Idempotency of creation: a key reserves a room id before anything is created, so that a repeated request, whichever
/// replica it reaches and wherever the first one died, creates the same object or finds it. Thread-safe.
/// </summary>
public sealed class CreationMemory(RedisConnection redis, RegistryKeys keys)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    private const string Pending = "pending";
    private const string Done = "created";

    /// <param name="name">Keyed hash of caller and idempotency key.</param>
    /// <param name="room">The id to reserve when the key is new.</param>
    /// <param name="bodyHash">Hash of the request's body.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<Reservation> ReserveAsync(string name, string room, string bodyHash, CancellationToken cancellation)
    {
        var key = keys.Idempotency(name);
        var fresh = $"{room} {bodyHash} {Pending}";
        var stored = await redis.RunAsync(
            async database => await database.StringSetAsync(key, fresh, Lifetime, When.NotExists) ? fresh : (string?)await database.StringGetAsync(key),
            cancellation);

        // Null: it expired between the two commands.
        return (stored ?? fresh).Split(' ') is [var reserved, var hash, var state]
            ? new Reservation(reserved, state == Done, hash == bodyHash)
            : new Reservation(room, Created: false, SameBody: true);
    }

    public Task MarkCreatedAsync(string name, string room, string bodyHash, CancellationToken cancellation) => redis.RunAsync(
        database => database.StringSetAsync(keys.Idempotency(name), $"{room} {bodyHash} {Done}", Lifetime), cancellation);
}
