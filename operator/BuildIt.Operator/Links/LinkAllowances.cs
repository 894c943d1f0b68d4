using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Links;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Links;

/// <summary>
/// What each pod of a fleet may send over a link to another fleet, by what they report. One for each way of each link; one thread at a
/// time.
/// </summary>
internal sealed class LinkAllowances
{
    private readonly Dictionary<string, LinkAllowanceReport> _last = new(StringComparer.Ordinal);
    private DateTimeOffset _changedAt;

    /// <summary>What each pod is to be told; those that send nothing over the link are told nothing.</summary>
    /// <param name="from">The fleet that sends.</param>
    /// <param name="to">The fleet that it is sent to.</param>
    /// <param name="bound">What all may send together, in bits per second; 0 for no limit.</param>
    /// <param name="reportOf">What a pod says; null when it is silent.</param>
    /// <param name="toldLately">What a pod was told that may not have reported since.</param>
    /// <param name="now">The time.</param>
    public IReadOnlyList<LinkAllowanceEnd> Plan(
        FleetView from, FleetView to, long bound, Func<string, Heartbeat?> reportOf, Func<string, long?> toldLately, DateTimeOffset now)
    {
        Hear(from, to.Key.Name, reportOf);
        var reports = _last.OrderBy(pod => pod.Key, StringComparer.Ordinal);
        if (bound == 0)
        {
            // Where a bound was, the routes of rooms still name it.
            return [.. reports.Where(pod => pod.Value is { WantedBitsPerSecond: not null } or { AllowedBitsPerSecond: 0 }).Select(pod => End(pod.Key, 0))];
        }

        var senders = reports.Select(pod => new LinkSender(pod.Key, pod.Value.WantedBitsPerSecond ?? 0, Held(toldLately(pod.Key) ?? pod.Value.AllowedBitsPerSecond))).ToList();
        var shares = LinkSharing.Plan(bound, senders, LinkAllowance.UntoldPart, now - _changedAt);
        if (!senders.Select(sender => sender.Share).SequenceEqual(shares.Cast<long?>()))
        {
            _changedAt = now;
        }

        return [.. senders.Zip(shares, (sender, share) => End(sender.Instance, Math.Max(1, share)))];

        LinkAllowanceEnd End(string node, long bits) => new(from.Key, node, new LinkAllowance { Cluster = to.Key.Name, BitsPerSecond = bits });
    }

    private static long? Held(long? told) => told is 0 ? null : told;

    // A pod that is silent sends what it sent before, until it is known to be dead.
    private void Hear(FleetView from, string to, Func<string, Heartbeat?> reportOf)
    {
        var living = from.Instances.Where(pod => pod.Liveness is not Liveness.Dead).Select(pod => pod.Observation.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _last.Keys.Where(node => !living.Contains(node)).ToList())
        {
            _last.Remove(gone);
        }

        foreach (var node in living)
        {
            if (reportOf(node) is not { } heartbeat)
            {
                continue;
            }

            if (heartbeat.LinkAllowances.FirstOrDefault(report => report.Cluster == to) is { } report)
            {
                _last[node] = report;
            }
            else
            {
                _last.Remove(node);
            }
        }
    }
}
