using System.Net;
using System.Net.Sockets;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using Microsoft.Extensions.Hosting;

namespace BuildIt.Operator.Clusters;

/// <summary>How host names are looked up.</summary>
/// <param name="LookUp">Gives the addresses of a name, or throws a <see cref="SocketException"/>.</param>
/// <param name="Refresh">Time between two look-ups of one name.</param>
public sealed record HostNameOptions(Func<string, CancellationToken, Task<IPAddress[]>> LookUp, TimeSpan Refresh)
{
    public static HostNameOptions Default { get; } = new(Dns.GetHostAddressesAsync, TimeSpan.FromSeconds(30));
}

/// <summary>
/// Knows the addresses of host names and looks them up beside the rounds of the fleets, which never wait for it: a resolver that
/// is slow or away keeps no fleet. A fleet is planned again when a name that it asked for has other addresses. Any thread.
/// </summary>
internal sealed class HostNames(HostNameOptions options, FleetSignal signal, TimeProvider time) : BackgroundService
{
    /// <summary>Look-ups under way at once.</summary>
    private const int MaxConcurrent = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    /// <summary>A name that nobody has asked for so long is forgotten. Longer than the longest time between two rounds of a fleet.</summary>
    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>An address of a name, from memory.</summary>
    /// <param name="host">The name.</param>
    /// <param name="current">The address that is in use for it.</param>
    /// <param name="cluster">Who asks.</param>
    /// <returns>The address, or why there is none yet, in words.</returns>
    public (string? Address, string? Missing) AddressOf(string host, string? current, ObjectKey cluster)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(host, out var entry))
            {
                _entries.Add(host, entry = new Entry());
            }

            entry.AskedAt = time.GetUtcNow();
            entry.Askers.Add(cluster);
            return entry.Name switch
            {
                var name when name.Choose(current) is { } address => (address.ToString(), null),
                { Asked: false } => (null, $"{host} is being resolved"),
                _ => (null, $"{host} cannot be resolved yet"),
            };
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
                    Due(), new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = stoppingToken }, LookUpAsync).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private List<string> Due()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var (host, _) in _entries.Where(pair => now - pair.Value.AskedAt >= Unused).ToList())
            {
                _entries.Remove(host);
            }

            return [.. _entries.Where(pair => pair.Value.DueAt <= now).Select(pair => pair.Key)];
        }
    }

    private async ValueTask LookUpAsync(string host, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        IPAddress[]? found = null;
        try
        {
            // The resolver of the system does not let go of a look-up by itself.
            found = await options.LookUp(host, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
        }

        ObjectKey[] askers = [];
        lock (_lock)
        {
            if (_entries.TryGetValue(host, out var entry))
            {
                var now = time.GetUtcNow();
                entry.DueAt = now + options.Refresh;
                if (found is null ? entry.Name.Miss() : entry.Name.Answer(found, now))
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
        public KnownName Name { get; } = new();

        public HashSet<ObjectKey> Askers { get; } = [];

        public DateTimeOffset AskedAt { get; set; }

        public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MinValue;
    }
}
