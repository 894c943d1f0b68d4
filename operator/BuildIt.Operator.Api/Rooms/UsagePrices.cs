namespace BuildIt.Operator.Api;

/// <summary>What traffic costs: of fleets by their spec.cost, and of the links between them by theirs. Of one namespace.</summary>
public sealed class UsagePrices
{
    private readonly Dictionary<string, CostSpec> _fleets;
    private readonly Dictionary<(string, string), double> _links = [];

    /// <param name="fleets">What fleets cost, by name; those that do not say are not in it.</param>
    /// <param name="links">The links between them, one for each two that are linked.</param>
    public UsagePrices(IEnumerable<KeyValuePair<string, CostSpec>> fleets, IEnumerable<RegionLinkSpec> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        _fleets = new(fleets, StringComparer.Ordinal);
        foreach (var link in links)
        {
            if (link is { A.ClusterRef.Name: { } a, B.ClusterRef.Name: { } b })
            {
                _links.TryAdd(Between(a, b), link.Cost);
            }
        }
    }

    /// <summary>Whether a fleet says what it costs, and in which currency; null when it does not.</summary>
    public CostSpec? Of(string? fleet) => fleet is not null && _fleets.TryGetValue(fleet, out var cost) ? cost : null;

    /// <summary>
    /// What a pod's traffic costs, in the currency of its fleet: what it sent to participants, and over links. A link that is not there any
    /// more costs nothing. Null where the fleet does not say what it costs.
    /// </summary>
    public double? TrafficOf(SeatUsage seat)
    {
        ArgumentNullException.ThrowIfNull(seat);
        return Of(seat.Cluster) is { } cost
            ? (seat.EgressBytes / 1e9 * cost.EgressGigabyte) + seat.Relays.Sum(relay => relay.Bytes / 1e9 * _links.GetValueOrDefault(Between(seat.Cluster!, relay.Cluster)))
            : null;
    }

    private static (string, string) Between(string a, string b) => string.CompareOrdinal(a, b) < 0 ? (a, b) : (b, a);
}
