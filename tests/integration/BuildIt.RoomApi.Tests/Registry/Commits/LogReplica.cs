using System.Security.Cryptography;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Registry.Mail;
using BuildIt.RoomApi.Tests.Integration;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Registry.Commits;

/// <summary>What one replica has of logs and mail: a connection of its own to a Redis.</summary>
internal sealed class LogReplica : IAsyncDisposable
{
    public static readonly byte[] Pepper = RandomNumberGenerator.GetBytes(32);

    private readonly RedisConnection _redis;

    private LogReplica(RedisConnection redis, RoomApiSettings settings, TimeProvider time)
    {
        _redis = redis;
        var names = new Pseudonyms(settings.Pepper);
        Log = new CommitLog(redis, new RegistryKeys(settings.Namespace), names, new Sealer(names), settings, time);
        Mail = new Mailboxes(redis, new RegistryKeys(settings.Namespace), names, new Sealer(names), settings, time);
    }

    public CommitLog Log { get; }

    public Mailboxes Mail { get; }

    public static async Task<LogReplica> StartAsync(RedisServer server, byte[]? pepper = null, long memory = 64 << 20, TimeProvider? time = null)
    {
        var settings = new RoomApiSettings
        {
            Namespace = "logs",
            PublicUrl = Replica.PublicUrl,
            Pepper = pepper ?? Pepper,
            ApiKeys = [RoomApiFixture.Key],
            SigningKey = RoomApiFixture.Key,
            RedisAddresses = [server.Address],
            LeftBehindMemory = memory,
        };
        return new LogReplica(await RedisConnection.ConnectAsync(settings), settings, time ?? TimeProvider.System);
    }

    public static LogRoom NewRoom() => new(RoomIds.New(), null);

    public static ParticipantId NewMember() => ParticipantId.FromBytes(RandomNumberGenerator.GetBytes(ParticipantId.Size));

    public async Task<string> IncarnationAsync(LogRoom room) => (await Log.ReadAsync(room, 0, 0, default)).Head.Incarnation;

    public Task<LogAnswer> AppendAsync(LogRoom room, string incarnation, long epoch, ParticipantId author, byte[] commit, byte[]? info = null) =>
        Log.AppendAsync(room, incarnation, epoch, author, commit, info ?? [], default);

    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
