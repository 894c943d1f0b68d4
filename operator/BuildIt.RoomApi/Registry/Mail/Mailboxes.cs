using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry.Mail;

/// <summary>What became of an event.</summary>
public enum MailOutcome
{
    /// <summary>It waits for its recipient; also when it did already.</summary>
    Put,

    /// <summary>Too much waits for this recipient, or too much that came from this address.</summary>
    BoxFull,

    /// <summary>Too much waits for everybody together.</summary>
    MemoryFull,
}

/// <summary>An event that waits.</summary>
/// <param name="Number">Its place in the box.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Event">Its JSON as it was sent.</param>
public sealed record MailItem(long Number, DateTimeOffset At, ReadOnlyMemory<byte> Event);

/// <summary>Some events in order.</summary>
/// <param name="Incarnation">Names the box; empty when there is none. Another name: what waited was lost, or has expired.</param>
/// <param name="Items">The events.</param>
/// <param name="Last">The number of the last one that was looked at; null when there is none yet.</param>
/// <param name="More">Whether more wait.</param>
public sealed record MailPage(string Incarnation, IReadOnlyList<MailItem> Items, long? Last, bool More);

/// <summary>
/// Mail for the members of a room: for each recipient the events that wait for them, sealed while they are kept, bounded, and gone
/// after a while whether they were read or not. Lost with Redis. Thread-safe. Throws <see cref="RegistryUnavailableException"/> when Redis
/// does not answer.
/// </summary>
public sealed class Mailboxes(RedisConnection redis, RegistryKeys keys, Pseudonyms names, Sealer sealer, RoomApiSettings settings, TimeProvider time)
{
    private const int EventMark = 32;
    private const int Time = 13;
    private const int Head = EventMark + EventMark + Time;

    /// <summary>Puts an event into a box.</summary>
    /// <param name="room">The room.</param>
    /// <param name="to">Whose box.</param>
    /// <param name="from">Keyed hash of the address that sends it, 32 characters.</param>
    /// <param name="eventId">The event's id.</param>
    /// <param name="json">Its JSON, at most <see cref="MailLimits.MaxEvent"/> bytes.</param>
    /// <param name="cancellation">Gives up waiting; it may wait all the same.</param>
    public async Task<MailOutcome> PutAsync(
        LogRoom room, ParticipantId to, string from, ReadOnlyMemory<byte> eventId, ReadOnlyMemory<byte> json, CancellationToken cancellation)
    {
        var mark = names.For("mail-event", [.. Encoding.ASCII.GetBytes(room.Id + to.Text), .. eventId.Span]);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("D13", CultureInfo.InvariantCulture);
        byte[] entry = [.. Encoding.ASCII.GetBytes(mark + from + now), .. sealer.Seal(room.Id, PlaceOf(to), json.Span)];
        var outcome = (string?)await RunAsync(
            MailScripts.Put,
            room,
            to,
            [
                mark, from, entry, (long)MailLimits.Lifetime.TotalMilliseconds, MailLimits.MaxMessages, MailLimits.MaxFromAddress, MailLimits.MaxBox,
                settings.LeftBehindMemory, keys.MailChanges, $"{room.Id} {to.Text}",
            ],
            cancellation);
        return outcome switch
        {
            "put" => MailOutcome.Put,
            "box" => MailOutcome.BoxFull,
            _ => MailOutcome.MemoryFull,
        };
    }

    /// <summary>Reads what waits behind the last event that was read; from the first when the box is another one.</summary>
    public async Task<MailPage> ReadAsync(LogRoom room, ParticipantId to, string incarnation, long last, CancellationToken cancellation)
    {
        var result = (RedisResult[])(await RunAsync(MailScripts.Read, room, to, [incarnation, last, MailLimits.MaxPage, MailLimits.MaxPageBytes], cancellation))!;
        var (first, next) = ((long)result[1], (long)result[2]);
        var oldest = time.GetUtcNow() - MailLimits.Lifetime;
        var items = result.Skip(3).Select((entry, i) => Read(room, to, first + i, (byte[])entry!)).ToList();
        return new MailPage(
            (string)result[0]!,
            [.. items.OfType<MailItem>().Where(item => item.At > oldest)],
            first + items.Count is > 0 and var behind ? behind - 1 : null,
            More: first + items.Count < next);
    }

    private async Task<RedisResult> RunAsync(string script, LogRoom room, ParticipantId to, RedisValue[] arguments, CancellationToken cancellation)
    {
        var left = room.EndsAt is { } end ? end - time.GetUtcNow() : MailLimits.Lifetime;
        RedisValue[] common =
        [
            (long)Math.Clamp(left.TotalMilliseconds, 1, MailLimits.Lifetime.TotalMilliseconds),
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        ];
        return await redis.RunAsync(
            database => database.ScriptEvaluateAsync(
                script, [keys.Mailbox(new RoomId(room.Id), to.Text), keys.LeftBehind, keys.LeftBehindBytes], [.. common, .. arguments]),
            cancellation);
    }

    /// <summary>Null for what was sealed with another pepper: nobody can open it any more.</summary>
    private MailItem? Read(LogRoom room, ParticipantId to, long number, byte[] entry) =>
        sealer.Open(room.Id, PlaceOf(to), entry.AsSpan(Head)) is { } json
        && long.TryParse(Encoding.ASCII.GetString(entry, EventMark + EventMark, Time), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new MailItem(number, DateTimeOffset.FromUnixTimeMilliseconds(at), json)
            : null;

    private static string PlaceOf(ParticipantId to) => $"mail {to.Text}";
}
