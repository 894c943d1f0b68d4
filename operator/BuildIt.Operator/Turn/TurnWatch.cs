using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using Microsoft.Extensions.Hosting;

namespace BuildIt.Operator.Turn;

/// <summary>How often TURN servers are looked at.</summary>
/// <param name="Interval">Time between two looks at one server.</param>
public sealed record TurnWatchOptions(TimeSpan Interval)
{
    public static TurnWatchOptions Default { get; } = new(TimeSpan.FromSeconds(30));
}

/// <summary>
/// Knows which TURN servers answer, and asks them beside the rounds of the fleets, which never wait for it. A fleet is planned
/// again when there is news of the server it names. Any thread.
/// </summary>
internal sealed class TurnWatch(TurnProbe probe, TurnWatchOptions options, FleetSignal signal, TimeProvider time) : BackgroundService
{
    /// <summary>Servers that are asked at once.</summary>
    private const int MaxConcurrent = 8;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>A server that no fleet has named for so long is forgotten. Longer than the longest time between two rounds of a fleet.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<TurnTarget, Entry> _entries = [];

    /// <summary>What is known of a server.</summary>
    /// <param name="target">The server.</param>
    /// <param name="cluster">Who asks, and is told of news.</param>
    /// <returns>Whether it answers, null while that is not known, and what does not, in words.</returns>
    public (bool? Answers, string Fault) StateOf(TurnTarget target, ObjectKey cluster)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(target, out var entry))
            {
                _entries.Add(target, entry = new Entry());
            }

            entry.AskedAt = time.GetUtcNow();
            entry.Askers.Add(cluster);
            return (entry.Server.Answers, entry.Server.Fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            do
            {
                await Parallel.ForEachAsync(
                    Due(), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = stoppingToken }, LookAsync).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private List<TurnTarget> Due()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var (target, _) in _entries.Where(pair => now - pair.Value.AskedAt >= Unused).ToList())
            {
                _entries.Remove(target);
            }

            return [.. _entries.Where(pair => pair.Value.DueAt <= now).Select(pair => pair.Key)];
        }
    }

    private async ValueTask LookAsync(TurnTarget target, CancellationToken cancellation)
    {
        var (known, fault) = (true, (string?)null);
        try
        {
            fault = await probe.FaultOfAsync(target, cancellation).ConfigureAwait(false);
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException)
        {
            BackgroundFaults.Count("turn");
            known = false;
        }

        ObjectKey[] askers = [];
        lock (_lock)
        {
            if (_entries.TryGetValue(target, out var entry))
            {
                entry.DueAt = time.GetUtcNow() + options.Interval;
                if (known && entry.Server.Look(fault))
                {
                    askers = [.. entry.Askers];
                    entry.Askers.Clear();
                }
            }
        }

        foreach (var cluster in askers)
        {
            signal.Raise(cluster);
        }
    }

    private sealed class Entry
    {
        public KnownTurn Server { get; } = new();

        public HashSet<ObjectKey> Askers { get; } = [];

        public DateTimeOffset AskedAt { get; set; }

        public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MinValue;
    }
}
