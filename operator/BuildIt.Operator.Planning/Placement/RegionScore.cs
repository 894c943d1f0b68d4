namespace BuildIt.Operator.Planning.Placement;

/// <summary>Where something is: ISO 3166-1 alpha-2 country, two-letter continent; null where unknown.</summary>
public readonly record struct Locality(string? Country, string? Continent);

/// <summary>A region that a caller may be sent to.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Locality">Where it is.</param>
/// <param name="Load">Its load as a fraction of capacity.</param>
public readonly record struct RegionCandidate(string Name, Locality Locality, double Load);

/// <summary>The conference plan's choice of region: nearness first, and nobody above 80 % unless there is nothing else.</summary>
public static class RegionScore
{
    public const int SameCountry = 100;
    public const int SameContinent = 50;
    public const int Elsewhere = 10;

    public static int Of(Locality region, Locality caller)
    {
        if (Same(region.Country, caller.Country))
        {
            return SameCountry;
        }

        return Same(region.Continent, caller.Continent) ? SameContinent : Elsewhere;
    }

    /// <summary>The names of the regions, the best first. Those above <see cref="PlacementPolicy.Comfort"/> come last.</summary>
    public static IReadOnlyList<string> Order(IEnumerable<RegionCandidate> regions, Locality caller) =>
    [
        .. regions
            .OrderBy(region => region.Load >= PlacementPolicy.Comfort)
            .ThenByDescending(region => Of(region.Locality, caller))
            .ThenBy(region => region.Load)
            .ThenBy(region => region.Name, StringComparer.Ordinal)
            .Select(region => region.Name),
    ];

    private static bool Same(string? a, string? b) => a is not null && string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
