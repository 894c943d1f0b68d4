using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Runtime.Caching;
using k8s.Models;

namespace BuildIt.Operator.Rooms;

/// <summary>What rooms ask of placement.</summary>
internal static class PlacementRequests
{
    /// <param name="room">The room.</param>
    /// <param name="fleets">The fleets of its namespace.</param>
    /// <param name="avoid">A pod it must not go to.</param>
    /// <param name="losses">How often its pod died under it lately.</param>
    public static RoomRequest Of(ConferenceRoom room, IEnumerable<FleetView> fleets, string? avoid, int losses) => new()
    {
        Room = room.Metadata.Name,
        Generation = room.Status?.Generation ?? 0,
        Regions = room.Spec.Placement.Regions,
        Clusters = Selected(room, fleets),
        ExpectedParticipants = room.Spec.ExpectedParticipants,
        MaxParticipants = room.Spec.MaxParticipants,
        Avoid = avoid is null ? [] : [avoid],
        Losses = losses,
    };

    /// <summary>Fleets that a room may use; null when it may use any.</summary>
    public static IReadOnlySet<string>? ClustersOf(ConferenceRoom room, IEnumerable<FleetView> fleets) =>
        room.Spec.Placement.ClusterSelector is null ? null : Selected(room, fleets);

    /// <summary>Participants that places are held for.</summary>
    public static int ExpectedOf(ConferenceRoomSpec spec) =>
        new RoomRequest { Room = string.Empty, ExpectedParticipants = spec.ExpectedParticipants, MaxParticipants = spec.MaxParticipants }.Expected;

    private static HashSet<string> Selected(ConferenceRoom room, IEnumerable<FleetView> fleets) => fleets
        .Where(fleet => fleet.Key.Namespace == room.Metadata.NamespaceProperty && Selects(room.Spec.Placement.ClusterSelector, fleet.Cluster.Metadata.Labels))
        .Select(fleet => fleet.Key.Name)
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Label selection as Kubernetes does it (meta/v1 LabelSelector). Nothing stated selects everything.</summary>
    internal static bool Selects(V1LabelSelector? selector, IDictionary<string, string>? labels)
    {
        labels ??= new Dictionary<string, string>();
        return (selector?.MatchLabels?.All(wanted => labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value) ?? true)
            && (selector?.MatchExpressions?.All(expression => Matches(expression, labels)) ?? true);
    }

    private static bool Matches(V1LabelSelectorRequirement expression, IDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(expression.Key, out var value);
        return expression.OperatorProperty switch
        {
            "In" => has && expression.Values?.Contains(value!) == true,
            "NotIn" => !has || expression.Values?.Contains(value!) != true,
            "Exists" => has,
            "DoesNotExist" => !has,
            _ => false,
        };
    }
}
