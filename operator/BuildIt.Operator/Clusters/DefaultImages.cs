using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Rollout;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>Says which image a fleet without one of its own uses now: that of this release, once it is its turn. Any thread.</summary>
internal sealed class DefaultImages(FleetOptions options, IObjectCache<SfuCluster> fleets, TimeProvider time)
{
    /// <summary>The image, and what the fleet waits for where that is not the newest.</summary>
    public (string Image, TurnDecision Turn) Of(SfuCluster cluster)
    {
        if (cluster.Spec.Image is not null || cluster.Status?.Image is not { } used || used == options.NodeImage)
        {
            return (options.NodeImage, default);
        }

        var key = ObjectKey.Of(cluster).ToString();
        var turns = fleets.List().Where(each => each.Spec.Image is null && each.Metadata.DeletionTimestamp is null && !each.Spec.Paused && ObjectKey.Of(each).ToString() != key)
            .Select(TurnOf).Append(TurnOf(cluster)).ToList();
        var turn = FleetTurns.Plan(turns, key, options.NodeImage, options.RolloutPause, time.GetUtcNow());
        return (turn.MayTake ? options.NodeImage : used, turn);
    }

    private static FleetTurn TurnOf(SfuCluster cluster)
    {
        var conditions = cluster.Status?.Conditions ?? [];
        var progressing = Conditions.Find(conditions, SfuClusterConditions.Progressing);
        var settled = progressing is { Status: "False", LastTransitionTime: { } since } && !Conditions.IsTrue(conditions, SfuClusterConditions.Degraded)
            ? new DateTimeOffset(since.ToUniversalTime(), TimeSpan.Zero)
            : (DateTimeOffset?)null;
        return new FleetTurn(ObjectKey.Of(cluster).ToString(), OrderOf(cluster.Metadata), cluster.Status?.Image, settled);
    }

    private static int OrderOf(V1ObjectMeta metadata) =>
        metadata.Annotations is { } annotations && annotations.TryGetValue(SfuApi.RolloutOrder, out var text)
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var order) ? order : 0;
}
