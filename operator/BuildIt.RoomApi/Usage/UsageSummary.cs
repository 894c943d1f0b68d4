using System.ComponentModel;
using System.Globalization;
using BuildIt.Operator.Api;

namespace BuildIt.RoomApi.Usage;

/// <summary>What several rooms have used.</summary>
public sealed record UsageSummary
{
    [Description("From when on rooms count, by when they ended, in milliseconds since 1970.")]
    public required long From { get; init; }

    [Description("Until when.")]
    public required long To { get; init; }

    [Description("All of them together.")]
    public required UsageSum Total { get; init; }

    [Description("The same by room, by the day on which they ended, or by the month, whichever was asked for.")]
    public required IReadOnlyList<UsageSum> Groups { get; init; }

    /// <summary>Sums rooms up. Pure. A room that goes on counts with what it has used so far, as of now.</summary>
    public static UsageSummary Of(IEnumerable<ConferenceRoom> rooms, DateTimeOffset from, DateTimeOffset to, UsageGrouping by, DateTimeOffset now)
    {
        var counted = rooms.Select(room => (Room: room, At: EndOf(room, now))).Where(each => each.At >= from && each.At < to).ToList();
        return new UsageSummary
        {
            From = from.ToUnixTimeMilliseconds(),
            To = to.ToUnixTimeMilliseconds(),
            Total = UsageSum.Of("total", counted.Select(each => each.Room)),
            Groups = by is UsageGrouping.Total
                ? []
                : [.. counted.GroupBy(each => KeyOf(each.Room, each.At, by), StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => UsageSum.Of(group.Key, group.Select(each => each.Room)))],
        };
    }

    private static DateTimeOffset EndOf(ConferenceRoom room, DateTimeOffset now) =>
        room.Status?.EndedAt is { } ended ? new DateTimeOffset(ended.ToUniversalTime(), TimeSpan.Zero) : now;

    private static string KeyOf(ConferenceRoom room, DateTimeOffset at, UsageGrouping by) => by switch
    {
        UsageGrouping.Room => room.Metadata.Name,
        UsageGrouping.Day => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => at.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture),
    };
}

/// <summary>What is summed up apart.</summary>
public enum UsageGrouping
{
    Total,
    Room,
    Day,
    Month,
}

/// <summary>What some rooms have used.</summary>
public sealed record UsageSum
{
    [Description("The room, the day as 2027-01-31, or the month as 2027-01.")]
    public required string Key { get; init; }

    [Description("How many rooms.")]
    public int Rooms { get; init; }

    public double ParticipantMinutes { get; init; }

    public long IngressBytes { get; init; }

    public long EgressBytes { get; init; }

    [Description("Bytes that nodes sent to those of other fleets, over RegionLinks.")]
    public long RelayBytes { get; init; }

    [Description("Price of what was sent. Absent where fleets do not say what they cost, or say it in several currencies.")]
    public double? Cost { get; init; }

    public string? Currency { get; init; }

    internal static UsageSum Of(string key, IEnumerable<ConferenceRoom> rooms)
    {
        var all = rooms.ToList();
        var used = all.Select(room => room.Status?.Usage).OfType<ConferenceUsage>().ToList();
        var priced = used.Where(usage => usage.Cost is not null).ToList();
        var isOne = priced.Select(usage => usage.Currency).Distinct(StringComparer.Ordinal).Count() == 1;
        return new UsageSum
        {
            Key = key,
            Rooms = all.Count,
            ParticipantMinutes = Math.Round(used.Sum(usage => usage.ParticipantMinutes), 3),
            IngressBytes = used.Sum(usage => usage.IngressBytes),
            EgressBytes = used.Sum(usage => usage.EgressBytes),
            RelayBytes = used.Sum(usage => usage.RelayBytes),
            Cost = isOne ? Math.Round(priced.Sum(usage => usage.Cost!.Value), 6) : null,
            Currency = isOne ? priced[0].Currency : null,
        };
    }
}
