using System.Globalization;
using BuildIt.Operator.Planning.Members;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Rollout;

/// <summary>Decides how many pods of the new revision there should be, and how many of the old may go.</summary>
internal static class RolloutPlanner
{
    public static RolloutDecision Plan(
        FleetSpec spec, int desired, IReadOnlyList<Member> serving, int inFlight, DateTimeOffset now, Deadlines deadlines)
    {
        var current = inFlight;
        var old = 0;
        var ready = 0;
        foreach (var member in serving)
        {
            current += member.IsCurrent ? 1 : 0;
            old += member.IsCurrent ? 0 : 1;
            ready += member.IsReady ? 1 : 0;
        }

        if (old == 0)
        {
            return new RolloutDecision(Create: Math.Max(0, desired - current), RemoveOld: 0, InProgress: false, "all pods are of this revision");
        }

        var canary = CanaryHolds(spec.Rollout, serving, now, deadlines);
        var wanted = canary is null ? desired : Math.Min(spec.Rollout.CanaryPods, desired);
        var ceiling = desired + spec.Rollout.SurgeOver(desired);
        var total = current + old;
        var forRollout = Math.Clamp(wanted - current, 0, Math.Max(0, ceiling - total));
        return new RolloutDecision(
            Create: Math.Max(forRollout, desired - total),
            RemoveOld: Math.Clamp(ready - desired, 0, old),
            InProgress: true,
            canary ?? string.Create(CultureInfo.InvariantCulture, $"{current} pods of the new revision, {old} of the old"));
    }

    // Held in words while the canary has still to prove itself; null when there is none or it has.
    private static string? CanaryHolds(RolloutPolicy policy, IReadOnlyList<Member> serving, DateTimeOffset now, Deadlines deadlines)
    {
        if (policy.CanaryPods <= 0)
        {
            return null;
        }

        var proven = 0;
        foreach (var member in serving)
        {
            if (!member.IsCurrent || !member.IsReady)
            {
                continue;
            }

            var provenAt = member.Instance.ReadySince!.Value + policy.CanaryPause;
            if (provenAt <= now)
            {
                proven++;
            }
            else
            {
                deadlines.Add(provenAt);
            }
        }

        return proven >= policy.CanaryPods
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"the canary has to be ready for {policy.CanaryPause}: {proven} of {policy.CanaryPods} pods have been");
    }
}

/// <summary>How a rollout goes on.</summary>
/// <param name="Create">Pods of the current revision to add.</param>
/// <param name="RemoveOld">Pods of other revisions that may go without leaving fewer ready than desired.</param>
/// <param name="InProgress">There are pods of other revisions.</param>
/// <param name="Reason">Where it stands, in words.</param>
internal readonly record struct RolloutDecision(int Create, int RemoveOld, bool InProgress, string Reason);
