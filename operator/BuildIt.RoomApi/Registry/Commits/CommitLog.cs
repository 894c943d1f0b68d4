using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry.Commits;

/// <summary>
/// The order of a group's commits (RFC 9420 section 14 asks a delivery service for one): the first for each epoch wins, over all
/// replicas. Messages are opaque, sealed while they are kept, and bounded for each room and in sum. Lost with Redis; the log that
/// follows has another incarnation. Thread-safe. Throws <see cref="RegistryUnavailableException"/> when Redis does not answer.
/// </summary>
public sealed class CommitLog(RedisConnection redis, RegistryKeys keys, Pseudonyms names, Sealer sealer, RoomApiSettings settings, TimeProvider time)
{
    // Author, colon, hash of the message, colon: by it a message that is sent again is known without opening it.
    private const int MarkLength = 22 + 1 + 32 + 1;

    private const string CommitPlace = "commit";
    private const string InfoPlace = "group-info";

    /// <summary>Puts a commit behind all others, if it is the first for its epoch.</summary>
    /// <param name="room">Which.</param>
    /// <param name="incarnation">The log that it is meant for.</param>
    /// <param name="epoch">The epoch that it ends, 0 to <see cref="CommitLimits.MaxEpoch"/>.</param>
    /// <param name="author">Who sends it.</param>
    /// <param name="commit">At most <see cref="CommitLimits.MaxCommit"/> bytes.</param>
    /// <param name="groupInfo">Group info of the epoch that begins, at most <see cref="CommitLimits.MaxGroupInfo"/> bytes; empty for none.</param>
    /// <param name="cancellation">Gives up waiting; it may have been taken all the same.</param>
    public async Task<LogAnswer> AppendAsync(
        LogRoom room, string incarnation, long epoch, ParticipantId author, ReadOnlyMemory<byte> commit, ReadOnlyMemory<byte> groupInfo, CancellationToken cancellation)
    {
        var (mark, entry) = Write(room.Id, CommitPlace, epoch, author, commit.Span);
        var info = groupInfo.IsEmpty ? [] : Write(room.Id, InfoPlace, epoch + 1, author, groupInfo.Span).Entry;
        return ReadAnswer(
            room.Id,
            CommitPlace,
            epoch,
            await RunAsync(
                CommitScripts.Append,
                room,
                [incarnation, epoch, mark, entry, info, CommitLimits.MaxCommits, CommitLimits.MaxLog, settings.LeftBehindMemory],
                cancellation));
    }

    /// <summary>Gives the group info of the epoch that lasts, if nobody has. The first of epoch 0 founds the group.</summary>
    public async Task<LogAnswer> DescribeAsync(
        LogRoom room, string incarnation, long epoch, ParticipantId author, ReadOnlyMemory<byte> groupInfo, CancellationToken cancellation)
    {
        var (mark, entry) = Write(room.Id, InfoPlace, epoch, author, groupInfo.Span);
        return ReadAnswer(
            room.Id,
            InfoPlace,
            epoch,
            await RunAsync(CommitScripts.Describe, room, [incarnation, epoch, mark, entry, settings.LeftBehindMemory], cancellation));
    }

    /// <summary>Reads commits in order. None when the first wanted is no longer kept, or not there yet.</summary>
    /// <param name="room">Which.</param>
    /// <param name="from">The first epoch wanted; null for the first that is kept.</param>
    /// <param name="most">How many at most; 0 to learn where the log stands.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="mostBytes">How much at most, unless one alone has more.</param>
    public async Task<LogPage> ReadAsync(
        LogRoom room, long? from, int most, CancellationToken cancellation, int mostBytes = CommitLimits.MaxPageBytes)
    {
        var result = await RunAsync(CommitScripts.Read, room, [from ?? -1, most, mostBytes], cancellation);
        var head = HeadOf(result);
        return new LogPage(head, [.. result.Skip(5).Select((entry, i) => ReadEntry(room.Id, CommitPlace, (from ?? head.FirstEpoch) + i, (byte[])entry!))]);
    }

    /// <summary>The group info of the epoch that lasts; null when nobody has given it.</summary>
    public async Task<(LogHead Head, LogEntry? Info)> InfoAsync(LogRoom room, CancellationToken cancellation)
    {
        var result = await RunAsync(CommitScripts.Info, room, [], cancellation);
        var head = HeadOf(result);
        return (head, (byte[])result[4]! is { Length: > 0 } entry ? ReadEntry(room.Id, InfoPlace, head.NextEpoch, entry) : null);
    }

    /// <summary>Starts the log anew, if it is still the one named.</summary>
    public async Task<LogAnswer> RestartAsync(LogRoom room, string incarnation, CancellationToken cancellation) =>
        ReadAnswer(room.Id, CommitPlace, 0, await RunAsync(CommitScripts.Restart, room, [incarnation], cancellation));

    /// <summary>Forgets a room that is over.</summary>
    public Task ForgetRoomAsync(string room, CancellationToken cancellation) => redis.RunAsync(
        database =>
        {
            var key = keys.CommitLog(new RoomId(room));
            var write = database.CreateTransaction();
            _ = write.KeyDeleteAsync(key);

            // Over for a long time: whoever counts next takes it out of the sum.
            _ = write.SortedSetAddAsync(keys.LeftBehind, key, 0, SortedSetWhen.Exists);
            return write.ExecuteAsync();
        },
        cancellation);

    private async Task<RedisResult[]> RunAsync(string script, LogRoom room, RedisValue[] arguments, CancellationToken cancellation)
    {
        var id = new RoomId(room.Id);
        var left = room.EndsAt is { } end ? end - time.GetUtcNow() : CommitLimits.Lifetime;
        RedisValue[] common =
        [
            (long)Math.Clamp(left.TotalMilliseconds, 1, CommitLimits.Lifetime.TotalMilliseconds),
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),

            // With another pepper nothing that is kept can be opened: then too the log starts anew.
            names.For("commit-log", Encoding.ASCII.GetBytes(room.Id)),
            keys.CommitLogChanges,
            room.Id,
        ];
        return (RedisResult[])(await redis.RunAsync(
            database => database.ScriptEvaluateAsync(script, [keys.CommitLog(id), keys.LeftBehind, keys.LeftBehindBytes], [.. common, .. arguments]),
            cancellation))!;
    }

    private (string Mark, byte[] Entry) Write(string room, string place, long epoch, ParticipantId author, ReadOnlySpan<byte> message)
    {
        var mark = $"{author.Text}:{names.For("commit-log-message", message)}:";
        var plain = new byte[sizeof(long) + message.Length];
        BinaryPrimitives.WriteInt64BigEndian(plain, time.GetUtcNow().ToUnixTimeMilliseconds());
        message.CopyTo(plain.AsSpan(sizeof(long)));
        return (mark, [.. Encoding.ASCII.GetBytes(mark), .. sealer.Seal(room, Place(place, epoch), plain)]);
    }

    private LogEntry ReadEntry(string room, string place, long epoch, byte[] entry) =>
        ParticipantId.TryParse(Encoding.ASCII.GetString(entry, 0, 22), out var author)
        && sealer.Open(room, Place(place, epoch), entry.AsSpan(MarkLength)) is { } plain
            ? new LogEntry(
                epoch,
                author,
                DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(plain)),
                plain.AsMemory(sizeof(long)))
            : throw new InvalidOperationException("The registry holds something else than what was put there.");

    private LogAnswer ReadAnswer(string room, string place, long epoch, RedisResult[] result) => new(
        (string)result[0]! switch
        {
            "first" => LogOutcome.First,
            "taken" => LogOutcome.Taken,
            "restarted" => LogOutcome.Restarted,
            "ahead" => LogOutcome.Ahead,
            "passed" => LogOutcome.Passed,
            _ => LogOutcome.Full,
        },
        HeadOf(result),
        (byte[])result[4]! is { Length: > 0 } entry ? ReadEntry(room, place, epoch, entry) : null);

    private static LogHead HeadOf(RedisResult[] result) => new((string)result[1]!, (long)result[2], (long)result[3]);

    private static string Place(string what, long epoch) => string.Create(CultureInfo.InvariantCulture, $"{what} {epoch}");
}
