using System.ComponentModel;
using System.Globalization;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api;

/// <summary>What a conference has used. Sums over the room: nothing about a person.</summary>
public sealed record ConferenceUsage
{
    [Description("When this was written. What has been used since is not in it, unless it is final.")]
    public DateTime AsOf { get; init; }

    [Description("The conference has ended, and this is all of it.")]
    public bool Final { get; init; }

    [Description("The operator's usage webhook has taken it.")]
    public bool Delivered { get; init; }

    [Description("Time that participants have spent in the room, added up, in minutes.")]
    public double ParticipantMinutes { get; init; }

    [Description("Bytes taken from participants: datagrams without IP and UDP headers.")]
    public long IngressBytes { get; init; }

    [Description("Bytes sent to participants: datagrams without IP and UDP headers.")]
    public long EgressBytes { get; init; }

    [Description("Bytes that nodes of the room sent to those of other fleets, over RegionLinks: datagrams without IP and UDP headers.")]
    public long RelayBytes { get; init; }

    [Description("Most participants at once, as far as was seen.")]
    public int PeakParticipants { get; init; }

    [Description("Price of what was sent to participants, by spec.cost of the fleets that sent it, and over links, by spec.cost of the RegionLink. Absent where no fleet says what it costs.")]
    public double? Cost { get; init; }

    [Description("Currency of the price. Absent where fleets name different ones, and then there is no price.")]
    public string? Currency { get; init; }

    [Description("The same by pod, while it was on each: the parts of the sums.")]
    [ListMap("id")]
    [Items(0, 33)]
    public IReadOnlyList<SeatUsage> Seats { get; init; } = [];
}

/// <summary>What a conference has used on one pod, from when it came there until it left or the pod started again.</summary>
public sealed record SeatUsage
{
    /// <summary>Names a stay.</summary>
    /// <param name="instance">The pod.</param>
    /// <param name="generation">Number of the placement.</param>
    /// <param name="boot">Start of the pod's process.</param>
    public static string IdOf(string instance, long generation, string boot)
    {
        ArgumentNullException.ThrowIfNull(boot);
        return string.Create(CultureInfo.InvariantCulture, $"{instance}/{generation}/{(boot.Length <= 8 ? boot : boot[..8])}");
    }

    [Required]
    [Description("Names the stay: pod, number of the placement, start of the process.")]
    [TextLength(1, 300)]
    public string Id { get; init; } = string.Empty;

    [Description("Name of the SfuCluster.")]
    public string? Cluster { get; init; }

    [Description("Time that participants have spent there, added up, in seconds.")]
    public double ParticipantSeconds { get; init; }

    [Description("Bytes taken from participants.")]
    public long IngressBytes { get; init; }

    [Description("Bytes sent to participants.")]
    public long EgressBytes { get; init; }

    [Description("Bytes sent over RegionLinks, by the fleet they were sent to.")]
    [ListMap("cluster")]
    [Items(0, 64)]
    public IReadOnlyList<RelayUsage> Relays { get; init; } = [];
}

/// <summary>What a conference has sent from one pod to those of another fleet.</summary>
public sealed record RelayUsage
{
    [Required]
    [Description("Name of the other SfuCluster.")]
    [TextLength(1, 253)]
    public string Cluster { get; init; } = string.Empty;

    [Description("Bytes of datagrams without IP and UDP headers.")]
    public long Bytes { get; init; }

    /// <summary>The larger of each fleet's two counts, by name.</summary>
    public static IReadOnlyList<RelayUsage> Larger(IReadOnlyList<RelayUsage> one, IReadOnlyList<RelayUsage> other) => Together(one, other, Enumerable.Max);

    /// <summary>The sum of all counts of each fleet, by name.</summary>
    public static IReadOnlyList<RelayUsage> Sum(IEnumerable<IReadOnlyList<RelayUsage>> all) => all.Aggregate((IReadOnlyList<RelayUsage>)[], (one, other) => Together(one, other, Enumerable.Sum));

    private static IReadOnlyList<RelayUsage> Together(IReadOnlyList<RelayUsage> one, IReadOnlyList<RelayUsage> other, Func<IEnumerable<long>, long> fold) =>
    [
        .. one.Concat(other).GroupBy(relay => relay.Cluster, relay => relay.Bytes, StringComparer.Ordinal)
            .OrderBy(fleet => fleet.Key, StringComparer.Ordinal).Select(fleet => new RelayUsage { Cluster = fleet.Key, Bytes = fold(fleet) }),
    ];
}
