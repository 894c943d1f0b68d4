using System.Collections.Concurrent;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildIt.Operator.Nodes;

/// <summary>
/// The operator's own witness: asks each node over mutual TLS whether it lives. A node that is well is asked now and then, one
/// that fails or has not answered yet every second. Any thread.
/// </summary>
internal sealed partial class NodeProber(FleetSignal signal, LeaderElector leader, TimeProvider time, ILogger<NodeProber> log) : BackgroundService
{
    /// <summary>Between two probes of a node of which one has failed.</summary>
    public static readonly TimeSpan IntervalInDoubt = TimeSpan.FromSeconds(1);

    /// <summary>Between two probes of a node that answers. Its heartbeat tells sooner that it should be asked again.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What a node says of its rooms is passed on so often: counts that only grow are no news to a fleet, and a node that dies while the
    /// registry is away would take them with it.
    /// </summary>
    public static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(4);

    private const int MaxConcurrent = 256;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<ObjectKey, NodeFleet> _fleets = new();
    private readonly SemaphoreSlim _slots = new(MaxConcurrent);

    /// <summary>What a node said of itself, with the fleet it belongs to. Raised on any thread, at most once in <see cref="TellInterval"/> for a node.</summary>
    public event Action<ObjectKey, Heartbeat>? Heard;

    public NodeFleet Of(ObjectKey cluster) => _fleets.GetOrAdd(cluster, _ => new NodeFleet(() => leader.Term, time));

    public void Forget(ObjectKey cluster)
    {
        if (_fleets.TryRemove(cluster, out var fleet))
        {
            fleet.Dispose();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _slots.Dispose();
        foreach (var fleet in _fleets.Values)
        {
            fleet.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await StartDueAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception failure) when (!Stopping.Explains(failure, stoppingToken))
                {
                    BackgroundFaults.Count("node_probes");
                    LogFault(failure);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task StartDueAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var (cluster, fleet) in _fleets)
        {
            if (fleet.Client is not { } client)
            {
                continue;
            }

            foreach (var node in fleet.Nodes)
            {
                if (node.DueAt <= now)
                {
                    await _slots.WaitAsync(cancellation).ConfigureAwait(false);
                    node.DueAt = DateTimeOffset.MaxValue;
                    _ = ProbeAsync(cluster, client, node, cancellation);
                }
            }
        }
    }

    private async Task ProbeAsync(ObjectKey cluster, NodeClient client, ProbedNode node, CancellationToken cancellation)
    {
        try
        {
            var before = node.Record;
            var answer = await client.ProbeAsync(node.Address, cancellation).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var after = node.Record = before.After(answer, now);
            if (answer is not null && now - node.ToldAt >= TellInterval)
            {
                node.ToldAt = now;
                Heard?.Invoke(cluster, answer);
            }

            if (IsNews(before, after))
            {
                signal.Raise(cluster);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            // The process ends, or the fleet has gone meanwhile.
        }
        catch (Exception failure)
        {
            BackgroundFaults.Count("node_probes");
            LogFault(failure);
        }
        finally
        {
            node.DueAt = time.GetUtcNow() + (node.Record.Failures > 0 || node.Record.Heartbeat?.State is not NodeState.Serving ? IntervalInDoubt : Interval);
            _slots.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Probing nodes failed unexpectedly; it goes on")]
    private partial void LogFault(Exception failure);

    private static bool IsNews(ProbeRecord before, ProbeRecord after) =>
        before.Attempts == 0
        || (before.Failures >= HealthPolicy.ProbeFailures) != (after.Failures >= HealthPolicy.ProbeFailures)
        || before.Heartbeat?.State != after.Heartbeat?.State
        || !(before.Heartbeat?.Fences ?? []).SequenceEqual(after.Heartbeat?.Fences ?? [])
        || before.Heartbeat?.Load.Participants != after.Heartbeat?.Load.Participants
        || before.Heartbeat?.Load.Rooms != after.Heartbeat?.Load.Rooms
        || (after.Heartbeat is { } now && HeartbeatBook.Ending(now) != (before.Heartbeat is { } then ? HeartbeatBook.Ending(then) : 0));
}
