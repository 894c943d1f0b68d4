using System.Collections.Concurrent;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Links;

/// <summary>
/// Keeps a RegionLink true: has a node on each side keep a link to the other, reads from their heartbeats how the path is, says so in
/// the status, and lets rooms know which links they may use.
/// </summary>
internal sealed class RegionLinkReconciler(
    FleetDirectory directory,
    IObjectCache<SfuCluster> clusters,
    IObjectCache<RegionLink> links,
    RegistryHub registries,
    LinkBook book,
    LinkOrderBook orders,
    FleetSignal signal,
    LinkAuthorities authorities,
    ObjectWriter writer,
    IEventRecorder events,
    TimeProvider time) : IReconciler<RegionLink>, IForgets
{
    private readonly ConcurrentDictionary<ObjectKey, LinkMemory> _memories = new();

    public async Task<ReconcileResult> ReconcileAsync(RegionLink entity, CancellationToken cancellationToken)
    {
        var key = ObjectKey.Of(entity);
        var faults = ResourceValidator.Validate(entity);
        if (faults.Count > 0)
        {
            await ApartAsync(entity, LinkEvents.InvalidSpec, string.Join("; ", faults), cancellationToken).ConfigureAwait(false);
            return ReconcileResult.Done;
        }

        var ends = LinkEnds.Of(entity, directory, clusters);
        if (ends.Missing is { } missing)
        {
            await ApartAsync(entity, LinkEvents.ClusterMissing, missing, cancellationToken).ConfigureAwait(false);
            return ReconcileResult.Done;
        }

        if (LinkEnds.Foremost(entity, links.List(key.Namespace)) is var foremost && foremost.Metadata.Name != key.Name)
        {
            await ApartAsync(entity, LinkEvents.AlreadyLinked, $"{entity.Spec.A.ClusterRef!.Name} and {entity.Spec.B.ClusterRef!.Name} are linked by {foremost.Metadata.Name}; delete one of the two", cancellationToken).ConfigureAwait(false);
            return ReconcileResult.After(LinkPolicy.Look);
        }

        if (ends is not { A: { } a, B: { } b })
        {
            return ReconcileResult.After(LinkPolicy.Look);
        }

        Exchange(a, b);
        var memory = _memories.GetOrAdd(key, _ => new LinkMemory());
        var heard = new HeardNodes(registries.InNamespace(key.Namespace), time.GetUtcNow());
        var interval = entity.Spec.Health.Interval.Or(TimeSpan.FromSeconds(5));
        var max = entity.Spec.MaxBandwidth?.BitsPerSecondOr(0) ?? 0;
        var chosen = LinkOrderBook.Choose(a, b, orders.Of(key), interval);
        IReadOnlyList<LinkAllowanceEnd> allowances = [.. Allow(memory.AllowancesThere, a, b), .. Allow(memory.AllowancesBack, b, a)];
        await orders.GiveAsync(key, chosen, allowances, heard.ReportOf, cancellationToken).ConfigureAwait(false);

        var patience = interval * entity.Spec.Health.FailureThreshold;
        var aToB = LinkReadings.Of(a, b, heard.Find, patience);
        var bToA = LinkReadings.Of(b, a, heard.Find, patience);
        var now = time.GetUtcNow();
        memory.Verdict = LinkHealth.Judge(
            memory.Verdict,
            aToB,
            bToA,
            new LinkLimits(patience, entity.Spec.Health.MaxRtt.Or(TimeSpan.FromMilliseconds(400)).TotalMilliseconds, entity.Spec.Health.MaxLoss),
            now);
        var (there, back) = (memory.RateThere.Of(aToB.Sent, now), memory.RateBack.Of(bToA.Sent, now));
        Enter(entity, a, b, memory.Verdict, aToB, bToA, max);
        LinkMetrics.Set(key, memory.Verdict, aToB, bToA, there, back);
        var status = chosen.Count == 0 && memory.Verdict.Reason is LinkReason.NotMeasured
            ? LinkStatusBuilder.Apart(entity, LinkEvents.NoRelay, NoRelay(a, b), now)
            : LinkStatusBuilder.Build(entity, memory.Verdict, aToB, bToA, there, back, Between(chosen, aToB.Up + bToA.Up), now);
        await WriteAsync(entity, status, memory, cancellationToken).ConfigureAwait(false);
        return ReconcileResult.After(LinkPolicy.Look);

        IReadOnlyList<LinkAllowanceEnd> Allow(LinkAllowances way, FleetView from, FleetView to) => way.Plan(
            from, to, max, heard.ReportOf, node => orders.ToldLately(key.Namespace, node, to.Key.Name), time.GetUtcNow());
    }

    public void Forget(ObjectKey key)
    {
        _memories.TryRemove(key, out _);

        // Nobody waits: a node that cannot be told measures a path that nobody asks about, until it ends or is told of another.
        _ = PartAsync(key, CancellationToken.None);
    }

    /// <summary>Takes a link from everybody who has it. Its fleets' own rounds take the certificates back, so they are woken.</summary>
    private Task PartAsync(ObjectKey key, CancellationToken cancellation)
    {
        var last = orders.Of(key);
        book.Remove(key.Namespace, key.Name);
        LinkMetrics.Forget(key);
        var told = orders.GiveAsync(key, [], [], _ => null, cancellation);
        foreach (var end in last)
        {
            signal.Raise(end.Cluster);
        }

        return told;
    }

    /// <summary>Each fleet's nodes have to believe the other's certificates. The fleets' own rounds see to it; they are woken where they have not.</summary>
    private void Exchange(FleetView a, FleetView b)
    {
        if (authorities.IsLacking(a.Key, b.Key))
        {
            signal.Raise(a.Key);
        }

        if (authorities.IsLacking(b.Key, a.Key))
        {
            signal.Raise(b.Key);
        }
    }

    private void Enter(RegionLink link, FleetView a, FleetView b, LinkVerdict verdict, LinkReading aToB, LinkReading bToA, long max)
    {
        // Until something was measured the link is there and takes nothing new.
        var roundTrip = (aToB.RoundTrip, bToA.RoundTrip) switch
        {
            ({ } there, { } back) => (there + back) / 2,
            var (there, back) => there ?? back,
        };
        book.Put(
            link.Metadata.NamespaceProperty,
            new FleetLink
            {
                Name = link.Metadata.Name,
                A = a.Key.Name,
                B = b.Key.Name,
                DelayMilliseconds = roundTrip / 2 ?? LinkMap.UnknownDelay,
                Loss = Math.Max(aToB.Loss ?? 0, bToA.Loss ?? 0),
                Cost = link.Spec.Cost,
                Priority = link.Spec.Priority,
                IsHealthy = verdict.IsHealthy == true,
                MaxBitsPerSecond = max,
            },
            new FleetSite(a.Key.Name, a.Cluster.Spec.Region),
            new FleetSite(b.Key.Name, b.Cluster.Spec.Region));
    }

    private async Task ApartAsync(RegionLink link, string reason, string message, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(link);
        await PartAsync(key, cancellation).ConfigureAwait(false);
        await WriteAsync(link, LinkStatusBuilder.Apart(link, reason, message, time.GetUtcNow()), _memories.GetOrAdd(key, _ => new LinkMemory()), cancellation).ConfigureAwait(false);
    }

    private async Task WriteAsync(RegionLink link, RegionLinkStatus status, LinkMemory memory, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (!LinkStatusBuilder.IsDue(link.Status, status, memory.WrittenAt, now))
        {
            return;
        }

        var before = Conditions.Find(link.Status?.Conditions ?? [], RegionLinkConditions.Healthy);
        if (await writer.UpdateStatusAsync(link, status, cancellation).ConfigureAwait(false))
        {
            memory.WrittenAt = now;
            var after = Conditions.Find(status.Conditions, RegionLinkConditions.Healthy)!;
            if (before?.Status == after.Status && (before?.Reason == after.Reason || after.Status != "False"))
            {
                return;
            }

            if (after.Status == "False")
            {
                events.Warning(link, after.Reason, after.Message);
            }
            else if (after.Status == "True")
            {
                events.Normal(link, LinkEvents.Healthy, after.Message);
            }
        }
    }

    private static string NoRelay(FleetView a, FleetView b) =>
        $"{string.Join(" and ", new[] { a, b }.Where(fleet => LinkEnds.Relays(fleet).Count == 0).Select(fleet => fleet.Key.Name))}: no pod that is ready and relays";

    private static string Between(IReadOnlyList<LinkOrderEnd> ends, int up) => ends.Count == 0
        ? $"{up} links between pods of both fleets are up"
        : $"{ends[0].Node} and {ends[1].Node} are connected";

    /// <summary>What nodes of a namespace said last, and how long ago.</summary>
    private sealed class HeardNodes(IReadOnlyList<RegistryWatcher> watchers, DateTimeOffset now)
    {
        public (Heartbeat Heartbeat, TimeSpan Age)? Find(string node)
        {
            (Heartbeat, TimeSpan)? newest = null;
            foreach (var watcher in watchers)
            {
                if (watcher.View.Nodes.TryGetValue(node, out var heard) && !(newest?.Item2 <= now - heard.At))
                {
                    newest = (heard.Heartbeat, now - heard.At);
                }
            }

            return newest;
        }

        public Heartbeat? ReportOf(string node) => Find(node) is { } heard && heard.Age <= Heartbeat.Expiry ? heard.Heartbeat : null;
    }

    private sealed class LinkMemory
    {
        public LinkVerdict Verdict { get; set; } = LinkVerdict.Unknown;

        public DateTimeOffset WrittenAt { get; set; }

        public LinkAllowances AllowancesThere { get; } = new();

        public LinkAllowances AllowancesBack { get; } = new();

        public SendRate RateThere { get; } = new();

        public SendRate RateBack { get; } = new();
    }
}

/// <summary>Reasons of a RegionLink's Events and conditions, beside those that <see cref="LinkReason"/> has.</summary>
internal static class LinkEvents
{
    public const string InvalidSpec = "InvalidSpec";
    public const string ClusterMissing = "ClusterMissing";
    public const string AlreadyLinked = "AlreadyLinked";
    public const string NoRelay = "NoRelay";
    public const string Healthy = "Healthy";
}
