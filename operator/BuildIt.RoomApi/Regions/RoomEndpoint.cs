using BuildIt.Operator.Api;

namespace BuildIt.RoomApi.Regions;

/// <summary>Where a caller connects to for a room that is placed. Pure.</summary>
public static class RoomEndpoint
{
    /// <summary>
    /// The nearest of the fleets that serve the room, or of those that a link joins to one of them where the room may spread: they take the
    /// caller to it, and whoever plans the room sees where people are. Of equally near ones one that serves it.
    /// </summary>
    /// <param name="room">The room.</param>
    /// <param name="ranked">All fleets, best first for the caller.</param>
    /// <returns>Null when none of them has a public name.</returns>
    public static string? Of(ConferenceRoom room, IReadOnlyList<ScoredFleet> ranked)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(ranked);
        var serving = (room.Status?.Assignments ?? []).Select(assignment => assignment.Cluster).ToHashSet(StringComparer.Ordinal);

        // Whether a fleet takes new rooms does not matter to a room that is there already.
        return ranked
            .Where(scored => serving.Contains(scored.Fleet.Cluster) || LeadsTo(room, serving, scored))
            .OrderByDescending(scored => scored.Score)
            .ThenByDescending(scored => serving.Contains(scored.Fleet.Cluster))
            .Select(scored => scored.Fleet.Endpoint)
            .FirstOrDefault(endpoint => endpoint is not null);
    }

    private static bool LeadsTo(ConferenceRoom room, HashSet<string> serving, ScoredFleet scored)
    {
        var placement = room.Spec.Placement;
        return placement.Cascade is not CascadeMode.Never
            && placement.ClusterSelector is null
            && (placement.Regions.Count == 0 || placement.Regions.Contains(scored.Fleet.Region))
            && scored is { Full: false, Fleet.Available: true }
            && scored.Fleet.LinkedTo.Overlaps(serving);
    }
}
