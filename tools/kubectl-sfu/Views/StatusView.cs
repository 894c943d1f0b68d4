using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Views;

/// <summary>All fleets, rooms and links at a glance.</summary>
/// <param name="Fleets">Fleets, in the order of their names.</param>
/// <param name="Rooms">Rooms by phase.</param>
/// <param name="Links">Links between fleets.</param>
/// <param name="GoingOn">What is being changed, and why.</param>
/// <param name="NeedsALook">What a person should look at.</param>
internal sealed record StatusView(
    IReadOnlyList<FleetRow> Fleets, IReadOnlyDictionary<string, int> Rooms, IReadOnlyList<LinkRow> Links, IReadOnlyList<Remark> GoingOn, IReadOnlyList<Remark> NeedsALook)
{
    /// <summary>Rooms that are named one by one; of more, the number is told.</summary>
    private const int RoomsNamed = 10;

    /// <summary>Puts it together. Pure.</summary>
    public static StatusView Of(IReadOnlyList<SfuCluster> clusters, IReadOnlyList<ConferenceRoom> rooms, IReadOnlyList<RegionLink> links) => new(
        [.. clusters.OrderBy(Key, StringComparer.Ordinal).Select(FleetRow.Of)],
        rooms.GroupBy(room => room.Status?.Phase ?? RoomPhase.Pending).OrderBy(group => group.Key).ToDictionary(group => group.Key.ToString(), group => group.Count()),
        [.. links.OrderBy(Key, StringComparer.Ordinal).Select(LinkRow.Of)],
        [.. clusters.SelectMany(cluster => True(cluster, SfuClusterConditions.Progressing))],
        [.. clusters.SelectMany(ProblemsOf), .. ProblemsOf(rooms), .. links.SelectMany(ProblemsOf)]);

    private static IEnumerable<Remark> ProblemsOf(SfuCluster cluster)
    {
        if (cluster.Status is null)
        {
            return [new Remark($"fleet {Key(cluster)}", "NoStatus", "the operator has not looked at it yet; does it run, and watch this namespace?")];
        }

        return
        [
            .. True(cluster, SfuClusterConditions.Degraded), .. False(cluster, SfuClusterConditions.Available), .. False(cluster, SfuClusterConditions.TurnReachable),
            .. True(cluster, SfuClusterConditions.ScalingLimited).Where(remark => remark.Reason == "MaxReached"), .. True(cluster, SfuClusterConditions.Paused),
        ];
    }

    private static List<Remark> ProblemsOf(IReadOnlyList<ConferenceRoom> rooms)
    {
        var found = rooms.Where(room => room.Status is { Phase: not RoomPhase.Ended })
            .Select(room => (Room: room, Ready: Find(room.Status!.Conditions, ConferenceRoomConditions.Ready)))
            .Where(each => each.Ready is { Status: not "True" })
            .Select(each => new Remark($"room {Key(each.Room)}", each.Ready!.Reason, each.Ready.Message))
            .OrderBy(remark => remark.About, StringComparer.Ordinal).ToList();
        return found.Count <= RoomsNamed
            ? found
            : [.. found.Take(RoomsNamed), new Remark("rooms", "More", $"{found.Count - RoomsNamed} further rooms are not ready; see kubectl sfu rooms")];
    }

    private static IEnumerable<Remark> ProblemsOf(RegionLink link) =>
        (link.Status?.Conditions ?? []).Where(condition => condition.Status == "False").Select(condition => new Remark($"link {Key(link)}", condition.Reason, condition.Message));

    private static IEnumerable<Remark> True(SfuCluster cluster, string type) => With(cluster, type, "True");

    private static IEnumerable<Remark> False(SfuCluster cluster, string type) => With(cluster, type, "False");

    private static IEnumerable<Remark> With(SfuCluster cluster, string type, string status) =>
        Find(cluster.Status?.Conditions ?? [], type) is { } condition && condition.Status == status ? [new Remark($"fleet {Key(cluster)}", condition.Reason, condition.Message)] : [];

    private static V1Condition? Find(IReadOnlyList<V1Condition> conditions, string type) => conditions.FirstOrDefault(condition => condition.Type == type);

    private static string Key(k8s.IKubernetesObject<V1ObjectMeta> item) => $"{item.Metadata.NamespaceProperty}/{item.Metadata.Name}";
}

/// <summary>Something about an object that a person wants to know.</summary>
internal sealed record Remark(string About, string Reason, string Message);

/// <summary>A fleet in one line.</summary>
internal sealed record FleetRow(
    string Namespace, string Name, string Region, int Ready, int Desired, int Draining, int Rooms, int Participants, int LoadPercent, string? Metric, int TargetPercent, string State, IReadOnlyList<PodRow> Pods)
{
    public static FleetRow Of(SfuCluster cluster)
    {
        var status = cluster.Status ?? new SfuClusterStatus();
        var state = cluster.Spec.Paused ? "Paused" : StateOf(status);
        return new FleetRow(
            cluster.Metadata.NamespaceProperty, cluster.Metadata.Name, cluster.Spec.Region, status.ReadyReplicas, status.DesiredReplicas, status.DrainingReplicas,
            status.Load?.Rooms ?? 0, status.Load?.Participants ?? 0, status.Load?.UtilizationPercent ?? 0, status.Load?.Metric?.ToString().ToLowerInvariant(),
            (int)Math.Round(cluster.Spec.Autoscaling.TargetUtilization * 100), state,
            [.. status.Instances.Select(instance => PodRow.Of(cluster, instance)).OrderByDescending(pod => pod.LoadPercent).ThenBy(pod => pod.Name, StringComparer.Ordinal)]);
    }

    private static string StateOf(SfuClusterStatus status) =>
        status.Conditions.FirstOrDefault(condition => condition is { Type: SfuClusterConditions.Degraded, Status: "True" })?.Reason
        ?? status.Conditions.FirstOrDefault(condition => condition.Type == SfuClusterConditions.Progressing)?.Reason ?? "Unknown";
}

/// <summary>A pod in one line.</summary>
internal sealed record PodRow(string Fleet, string Name, string State, int LoadPercent, int Rooms, int Participants, string? Revision, string? Reason)
{
    public static PodRow Of(SfuCluster cluster, InstanceStatus instance) => new(
        $"{cluster.Metadata.NamespaceProperty}/{cluster.Metadata.Name}", instance.Name, instance.State.ToString(), instance.LoadPercent, instance.Rooms, instance.Participants, instance.Revision, instance.Reason);
}

/// <summary>A link in one line. Times in milliseconds.</summary>
internal sealed record LinkRow(string Namespace, string Name, string A, string B, string Healthy, double? RttMilliseconds, double? Loss, int Relays)
{
    public static LinkRow Of(RegionLink link) => new(
        link.Metadata.NamespaceProperty, link.Metadata.Name, EndOf(link.Spec.A), EndOf(link.Spec.B),
        link.Status?.Conditions.FirstOrDefault(condition => condition.Type == RegionLinkConditions.Healthy)?.Status ?? "Unknown",
        link.Status?.AToB?.Rtt is { } text && text.TryGet(out var rtt) ? rtt.TotalMilliseconds : null,
        link.Status?.AToB?.Loss, (link.Status?.AToB?.Relays ?? 0) + (link.Status?.BToA?.Relays ?? 0));

    private static string EndOf(LinkEnd end) => end.ClusterRef?.Name ?? "remote";
}
