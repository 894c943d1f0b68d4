using BuildIt.Operator.Runtime.Caching;
using Microsoft.Extensions.Hosting;

namespace BuildIt.Operator.Fleets;

/// <summary>
/// What fleets ask about and the world answers slowly, or not at all: looked at again and again beside the rounds of the fleets, which
/// never wait for it. A fleet that asked is planned again when there is news. Any thread.
/// </summary>
/// <typeparam name="TSubject">What is asked about.</typeparam>
/// <typeparam name="TKnown">What is known of it; touched under the lock of the list alone.</typeparam>
/// <param name="work">Its name where unexpected failures are counted.</param>
/// <param name="interval">Time between two looks at one subject.</param>
/// <param name="subjects">When two subjects are one.</param>
/// <param name="signal">Tells fleets that there is news.</param>
/// <param name="time">The clock.</param>
internal abstract class Watchlist<TSubject, TKnown>(string work, TimeSpan interval, IEqualityComparer<TSubject> subjects, FleetSignal signal, TimeProvider time)
    : BackgroundService
    where TSubject : notnull
    where TKnown : new()
{
    /// <summary>Looks under way at once.</summary>
    private const int MaxConcurrent = 8;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>What nobody has asked about for so long is forgotten. Longer than the longest time between two rounds of a fleet.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<TSubject, Entry> _entries = new(subjects);

    /// <summary>Looks at a subject.</summary>
    /// <returns>Takes in what was seen, at a time, and says whether it is news.</returns>
    protected abstract Task<Func<TKnown, DateTimeOffset, bool>> LookAsync(TSubject subject, CancellationToken cancellation);

    /// <summary>Reads from memory what is known of a subject, and has it looked at from now on.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="cluster">Who asks, and is told of news.</param>
    /// <param name="read">Reads; must not wait.</param>
    protected T Ask<T>(TSubject subject, ObjectKey cluster, Func<TKnown, T> read)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(subject, out var entry))
            {
                _entries.Add(subject, entry = new Entry());
            }

            entry.AskedAt = time.GetUtcNow();
            entry.Askers.Add(cluster);
            return read(entry.Known);
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
                    Due(), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = stoppingToken }, LookOnceAsync).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private List<TSubject> Due()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var (subject, _) in _entries.Where(pair => now - pair.Value.AskedAt >= Unused).ToList())
            {
                _entries.Remove(subject);
            }

            return [.. _entries.Where(pair => pair.Value.DueAt <= now).Select(pair => pair.Key)];
        }
    }

    private async ValueTask LookOnceAsync(TSubject subject, CancellationToken cancellation)
    {
        Func<TKnown, DateTimeOffset, bool>? take = null;
        try
        {
            take = await LookAsync(subject, cancellation).ConfigureAwait(false);
        }
        catch (Exception unexpected) when (unexpected is not OperationCanceledException)
        {
            BackgroundFaults.Count(work);
        }

        ObjectKey[] askers = [];
        lock (_lock)
        {
            if (_entries.TryGetValue(subject, out var entry))
            {
                var now = time.GetUtcNow();
                entry.DueAt = now + interval;
                if (take?.Invoke(entry.Known, now) == true)
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
        public TKnown Known { get; } = new();

        public HashSet<ObjectKey> Askers { get; } = [];

        public DateTimeOffset AskedAt { get; set; }

        public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MinValue;
    }
}
