namespace BuildIt.RoomApi.Regions;

/// <summary>A fleet and how near it is.</summary>
public sealed record ScoredFleet(FleetView Fleet, int Score, bool Full);

/// <summary>Which fleets suit a caller, best first. Pure.</summary>
public static class RegionChoice
{
    /// <summary>The share of capacity above which a fleet is chosen only when there is no other.</summary>
    public const double MaxLoad = 0.8;

    public const int SameCountry = 100;
    public const int SameContinent = 50;
    public const int Elsewhere = 10;

    /// <summary>A region that the caller asked for by name comes before all distances.</summary>
    public const int AskedFor = 1000;

    public static int Score(Place fleet, Place caller) =>
        caller.Country is not null && caller.Country == fleet.Country ? SameCountry
        : caller.Continent is not null && caller.Continent == fleet.Continent ? SameContinent
        : Elsewhere;

    /// <summary>
    /// All fleets that have pods, those at or above <see cref="MaxLoad"/> last; then by score, then by load, then by name so
    /// that the order is always the same.
    /// </summary>
    /// <param name="fleets">The candidates.</param>
    /// <param name="caller">Where the caller is.</param>
    /// <param name="hints">Regions that the caller prefers, best first; unknown ones count for nothing.</param>
    public static IReadOnlyList<ScoredFleet> Rank(IEnumerable<FleetView> fleets, Place caller, IReadOnlyList<string> hints) =>
    [
        .. fleets
            .Select(fleet => new ScoredFleet(fleet, Score(fleet.Place, caller) + Bonus(fleet.Region, hints), fleet.Load >= MaxLoad))
            .OrderBy(scored => !scored.Fleet.Available)
            .ThenBy(scored => scored.Full)
            .ThenByDescending(scored => scored.Score)
            .ThenBy(scored => scored.Fleet.Load)
            .ThenBy(scored => scored.Fleet.Cluster, StringComparer.Ordinal),
    ];

    private static int Bonus(string region, IReadOnlyList<string> hints)
    {
        for (var i = 0; i < hints.Count; i++)
        {
            if (hints[i] == region)
            {
                return AskedFor - i;
            }
        }

        return 0;
    }
}
