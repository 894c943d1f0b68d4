using BuildIt.Operator.Planning.Ledger;

namespace BuildIt.Operator.Planning.Placement;

/// <summary>A pod as a place for a room.</summary>
/// <param name="Instance">The pod.</param>
/// <param name="Cluster">Its fleet.</param>
/// <param name="Region">Its region.</param>
/// <param name="Availability">Whether it gets rooms at all.</param>
/// <param name="Load">Its highest load with the room; 1 is full.</param>
/// <param name="Objection">Why the room does not go there; null when it could.</param>
public sealed record PlacementOption(string Instance, string Cluster, string Region, PodAvailability Availability, double Load, string? Objection);

/// <summary>Says of pods what speaks against each, for people. Changes nothing.</summary>
public static class PlacementSurvey
{
    /// <summary>Those that could take the room first, the fullest of them before the others, as placement does it.</summary>
    /// <param name="ledger">All pods.</param>
    /// <param name="request">The room, as it would be placed.</param>
    /// <param name="at">The pod that it is on; null when it has none.</param>
    /// <param name="most">So many at most.</param>
    public static IReadOnlyList<PlacementOption> Of(RoomLedger ledger, RoomRequest request, string? at, int most)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(request);
        return
        [
            .. ledger.Pods
                .Select(pod => Option(pod, request, pod.Instance == at))
                .OrderBy(option => option.Objection is not null)
                .ThenBy(option => option.Objection is null ? -option.Load : option.Load)
                .ThenBy(option => option.Instance, StringComparer.Ordinal)
                .Take(most),
        ];
    }

    private static PlacementOption Option(PodEntry pod, RoomRequest request, bool isThere)
    {
        var load = isThere ? pod.Fraction(0, 0) : pod.Fraction(1, Math.Min(request.Expected, pod.Places()));
        var objection = pod.State switch
        {
            { Cluster: var cluster } when request.Clusters?.Contains(cluster) == false => "its fleet is not selected by the room",
            { Region: var region } when request.Regions.Count > 0 && !request.Regions.Contains(region) => "its region is none of the room's",
            { Availability: PodAvailability.Starting } => "it has not started yet",
            { Availability: PodAvailability.Draining } => "it is being drained",
            { Availability: PodAvailability.Suspect } => "it is suspect",
            { Availability: PodAvailability.Dead } => "it is dead",
            _ when isThere => null,
            _ when load > RoomPlacer.Full => "it is full",
            _ => null,
        };
        return new PlacementOption(pod.Instance, pod.State.Cluster, pod.State.Region, pod.State.Availability, load, objection);
    }
}
