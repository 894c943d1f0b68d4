using System.Globalization;
using BuildIt.Operator.Api;

namespace BuildIt.KubectlSfu.Views;

/// <summary>What fleets and rooms have used, and what that costs.</summary>
/// <param name="Since">From when on it counts.</param>
/// <param name="Rows">By what was asked for.</param>
/// <param name="Totals">All of it, by currency; an empty one where prices are not known.</param>
internal sealed record CostView(DateTimeOffset Since, IReadOnlyList<CostRow> Rows, IReadOnlyList<CostRow> Totals)
{
    /// <summary>Groups by fleet, room, creator, or by a label of rooms given as <c>label=KEY</c>. Pure.</summary>
    /// <exception cref="CommandFault">The grouping is none of them.</exception>
    public static CostView Of(IReadOnlyList<SfuCluster> fleets, IReadOnlyList<RegionLink> links, IReadOnlyList<ConferenceRoom> rooms, string by, DateTimeOffset since, DateTimeOffset now)
    {
        var counted = rooms.Where(room => room.Status?.Usage is not null && !(room.Status.EndedAt?.ToUniversalTime() < since.UtcDateTime)).ToList();
        var rows = by switch
        {
            "fleet" => fleets.Select(fleet => OfFleet(fleet, PricesOf(fleet, links), counted, since, now)),
            "room" => counted.GroupBy(room => $"{room.Metadata.NamespaceProperty}/{room.Metadata.Name}").Select(group => OfRooms(group.Key, group)),
            "creator" => counted.GroupBy(room => room.Spec.CreatedBy ?? "nobody known").Select(group => OfRooms(group.Key, group)),
            _ when by.StartsWith("label=", StringComparison.Ordinal) && by.Length > 6 => counted.GroupBy(room => LabelOf(room, by[6..])).Select(group => OfRooms(group.Key, group)),
            _ => throw new CommandFault($"--by takes fleet, room, creator or label=KEY, not {by}"),
        };
        List<CostRow> all = [.. rows.OrderByDescending(row => row.Cost ?? 0).ThenBy(row => row.Key, StringComparer.Ordinal)];
        return new CostView(since, all, [.. all.GroupBy(row => row.Currency).Select(group => Sum("total", group))]);
    }

    /// <summary>A time span as people write it: <c>7d</c>, <c>12h</c>, <c>30m</c>.</summary>
    public static TimeSpan? Span(string text) =>
        text.Length > 1 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 36_500
            ? text[^1] switch { 'd' => TimeSpan.FromDays(number), 'h' => TimeSpan.FromHours(number), 'm' => TimeSpan.FromMinutes(number), _ => null }
            : null;

    private static CostRow OfFleet(SfuCluster fleet, UsagePrices prices, List<ConferenceRoom> rooms, DateTimeOffset since, DateTimeOffset now)
    {
        var seats = rooms.Where(room => room.Metadata.NamespaceProperty == fleet.Metadata.NamespaceProperty)
            .SelectMany(room => room.Status!.Usage!.Seats).Where(seat => seat.Cluster == fleet.Metadata.Name).ToList();
        var hours = PodSeconds(fleet.Status?.Usage, since, now) / 3600;
        var cost = fleet.Spec.Cost;
        return new CostRow(
            $"{fleet.Metadata.NamespaceProperty}/{fleet.Metadata.Name}", null, Math.Round(hours, 3), Math.Round(seats.Sum(seat => seat.ParticipantSeconds) / 60, 1), seats.Sum(seat => seat.IngressBytes), seats.Sum(seat => seat.EgressBytes),
            seats.Sum(seat => seat.Relays.Sum(relay => relay.Bytes)), cost is null ? null : Math.Round((hours * cost.PodHour) + seats.Sum(seat => prices.TrafficOf(seat) ?? 0), 4), cost?.Currency);
    }

    private static UsagePrices PricesOf(SfuCluster fleet, IReadOnlyList<RegionLink> links) => new(
        fleet.Spec.Cost is { } cost ? [KeyValuePair.Create(fleet.Metadata.Name, cost)] : [],
        links.Where(link => link.Metadata.NamespaceProperty == fleet.Metadata.NamespaceProperty).Select(link => link.Spec));

    // Days count whole, and the time since the account was written with the pods there were then.
    private static double PodSeconds(FleetUsage? usage, DateTimeOffset since, DateTimeOffset now)
    {
        if (usage is null)
        {
            return 0;
        }

        var first = since.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return usage.Days.Where(day => string.CompareOrdinal(day.Day, first) >= 0).Sum(day => day.PodSeconds)
            + (Math.Max(0, (now.UtcDateTime - usage.AsOf.ToUniversalTime()).TotalSeconds) * usage.Pods);
    }

    private static CostRow OfRooms(string key, IEnumerable<ConferenceRoom> rooms)
    {
        var usages = rooms.Select(room => room.Status!.Usage!).ToList();
        var priced = usages.Where(usage => usage.Cost is not null).ToList();
        var isOne = priced.Select(usage => usage.Currency).Distinct(StringComparer.Ordinal).Count() == 1;
        return new CostRow(
            key, usages.Count, null, Math.Round(usages.Sum(usage => usage.ParticipantMinutes), 1), usages.Sum(usage => usage.IngressBytes), usages.Sum(usage => usage.EgressBytes), usages.Sum(usage => usage.RelayBytes),
            isOne ? Math.Round(priced.Sum(usage => usage.Cost!.Value), 4) : null, isOne ? priced[0].Currency : null);
    }

    private static CostRow Sum(string key, IEnumerable<CostRow> rows)
    {
        var all = rows.ToList();
        return new CostRow(
            key, Total(all.Select(row => (double?)row.Rooms)) is { } rooms ? (int)rooms : null, Total(all.Select(row => row.PodHours)), all.Sum(row => row.ParticipantMinutes),
            all.Sum(row => row.IngressBytes), all.Sum(row => row.EgressBytes), all.Sum(row => row.RelayBytes), Total(all.Select(row => row.Cost)), all[0].Currency);
    }

    private static double? Total(IEnumerable<double?> values) => values.Aggregate((double?)null, (sum, value) => value is null ? sum : (sum ?? 0) + value);

    private static string LabelOf(ConferenceRoom room, string label) =>
        room.Metadata.Labels is { } labels && labels.TryGetValue(label, out var value) ? value : $"without {label}";
}

/// <summary>A part of what was used.</summary>
/// <param name="Key">What it is of.</param>
/// <param name="Rooms">How many rooms; null where that is not what is counted.</param>
/// <param name="PodHours">How long pods ran; null where that is not what is counted.</param>
/// <param name="ParticipantMinutes">Time of participants.</param>
/// <param name="IngressBytes">Bytes taken from them.</param>
/// <param name="EgressBytes">Bytes sent to them.</param>
/// <param name="RelayBytes">Bytes sent over links to other fleets.</param>
/// <param name="Cost">What it costs: pod time and traffic of a fleet, traffic of a room; null where prices are not known.</param>
/// <param name="Currency">In what.</param>
internal sealed record CostRow(string Key, int? Rooms, double? PodHours, double ParticipantMinutes, long IngressBytes, long EgressBytes, long RelayBytes, double? Cost, string? Currency);
