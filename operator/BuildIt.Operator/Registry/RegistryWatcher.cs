using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Sfu.Contracts;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Operator.Registry;

/// <summary>What is known from a registry.</summary>
/// <param name="ReachableSince">Since when it has answered without a break; null while it does not.</param>
/// <param name="Nodes">The newest heartbeats by node, however old. It is not copied: newer ones may come while it is read.</param>
/// <param name="Asked">It has been asked at least once, with or without an answer.</param>
public sealed record RegistryView(DateTimeOffset? ReachableSince, IReadOnlyDictionary<string, HeardHeartbeat> Nodes, bool Asked);

/// <summary>
/// Reads the heartbeats of one namespace from one registry every second. Members may be called from any thread.
/// </summary>
public sealed partial class RegistryWatcher : IAsyncDisposable
{
    /// <summary>Time between two readings.</summary>
    public static readonly TimeSpan Period = Heartbeat.Interval;

    /// <summary>An entry of the index whose heartbeat has been gone for so long is removed.</summary>
    private static readonly TimeSpan IndexMemory = TimeSpan.FromMinutes(10);

    private const int PageSize = 500;

    private const int MissesBeforeReconnect = 20;

    private readonly RegistryTarget _target;
    private readonly RegistryKeys _keys;
    private readonly Func<CancellationToken, Task<ConfigurationOptions>> _connect;
    private readonly IReadOnlyList<IRegistryRestorer> _restorers;
    private readonly IReadOnlyList<IRegistryCheck> _checks;
    private readonly FleetSignal _signal;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HeartbeatBook _book = new();
    private readonly Task _loop;
    private volatile RegistryView _view = new(null, new Dictionary<string, HeardHeartbeat>(), Asked: false);
    private volatile ConnectionMultiplexer? _connection;
    private string? _epoch;
    private int _misses;

    internal RegistryWatcher(
        RegistryTarget target,
        Func<CancellationToken, Task<ConfigurationOptions>> connect,
        IEnumerable<IRegistryRestorer> restorers,
        FleetSignal signal,
        TimeProvider time,
        ILogger log)
    {
        _target = target;
        _keys = new RegistryKeys(target.Namespace);
        _connect = connect;
        _restorers = [.. restorers];
        _checks = [.. _restorers.Select(restorer => restorer.Check(target.Namespace))];
        _signal = signal;
        _time = time;
        _log = log;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>What is known now.</summary>
    public RegistryView View => _view;

    /// <summary>The registry itself; null while there has been no connection yet.</summary>
    public IDatabase? Database => _connection?.GetDatabase();

    /// <summary>Completes when the registry was asked for the first time, with or without an answer.</summary>
    public Task WaitUntilAskedAsync(CancellationToken cancellation) => _asked.Task.WaitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (_connection is { } connection)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period, _time);
        try
        {
            do
            {
                try
                {
                    await AskAsync(_stop.Token).ConfigureAwait(false);
                }
                catch (Exception failure) when (!Stopping.Explains(failure, _stop.Token))
                {
                    BackgroundFaults.Count("registry_watch");
                    LogFault(_target.Namespace, failure);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    private async Task AskAsync(CancellationToken cancellation)
    {
        IReadOnlySet<string> changed;
        try
        {
            var wasReachable = _book.ReachableSince is not null;
            var (heartbeats, isNew) = await ReadAsync(cancellation).ConfigureAwait(false);
            _misses = 0;
            changed = _book.Read(heartbeats, isNew, _time.GetUtcNow());
            if (!wasReachable)
            {
                LogReachable(_target.Namespace, heartbeats.Count);
            }
        }
        catch (Exception failure) when (!Stopping.Explains(failure, cancellation))
        {
            if (!IsExpected(failure))
            {
                // A fault of ours: the registry counts as unreachable, and is asked again in a second like any other.
                BackgroundFaults.Count("registry_watch");
                LogFault(_target.Namespace, failure);
            }

            if (_book.ReachableSince is not null || !_view.Asked)
            {
                LogUnreachable(_target.Namespace, failure.GetType().Name);
            }

            changed = _book.Miss();
            if (++_misses % MissesBeforeReconnect == 0 && _connection is { } connection)
            {
                // Its password may have changed: it is read again.
                _connection = null;
                await connection.DisposeAsync().ConfigureAwait(false);
            }
        }

        var first = !_view.Asked;
        _view = new RegistryView(_book.ReachableSince, _book.Nodes, Asked: true);
        if (first)
        {
            _asked.TrySetResult();
        }

        foreach (var cluster in changed)
        {
            _signal.Raise(new ObjectKey(_target.Namespace, cluster));
        }
    }

    private static bool IsExpected(Exception failure) => failure is RedisException or TimeoutException or InvalidOperationException or ArgumentException
        or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException or ApiException or HttpRequestException or IOException
        or OperationCanceledException;

    private async Task<(IReadOnlyList<Heartbeat> Heartbeats, bool IsNew)> ReadAsync(CancellationToken cancellation)
    {
        _connection ??= await ConnectAsync(cancellation).ConfigureAwait(false);
        var database = _connection.GetDatabase();

        // Sent together, answered together.
        // Of the primary only: a replica that was cut off says nothing of now.
        var epoch = database.StringGetAsync(_keys.Epoch, CommandFlags.DemandMaster);
        var index = database.SortedSetRangeByRankWithScoresAsync(_keys.Nodes, flags: CommandFlags.DemandMaster);
        await Task.WhenAll(epoch, index).ConfigureAwait(false);
        var isNew = await TendEpochAsync(database, (string?)epoch.Result, cancellation).ConfigureAwait(false);
        await CheckAsync(database).ConfigureAwait(false);
        var names = index.Result;
        var pages = new List<Task<RedisValue[]>>();
        for (var first = 0; first < names.Length; first += PageSize)
        {
            pages.Add(database.StringGetAsync([.. names.Skip(first).Take(PageSize).Select(n => (RedisKey)_keys.Node(new NodeId(n.Element.ToString())))], CommandFlags.DemandMaster));
        }

        var values = (await Task.WhenAll(pages).ConfigureAwait(false)).SelectMany(page => page).ToArray();
        var heartbeats = new List<Heartbeat>(values.Length);
        List<RedisValue>? stale = null;
        var oldest = (_time.GetUtcNow() - IndexMemory).ToUnixTimeMilliseconds();
        for (var i = 0; i < values.Length; i++)
        {
            // Whoever can write to the registry could write anything: a heartbeat counts under its own name and namespace only.
            if (!values[i].IsNull
                && ContractJson.TryRead(((ReadOnlyMemory<byte>)values[i]).Span, ContractJson.Default.Heartbeat, out var heartbeat)
                && heartbeat.Node.Value == names[i].Element && heartbeat.Namespace == _target.Namespace)
            {
                heartbeats.Add(heartbeat);
            }
            else if (values[i].IsNull && names[i].Score < oldest)
            {
                (stale ??= []).Add(names[i].Element);
            }
        }

        if (stale is not null)
        {
            await database.SortedSetRemoveAsync(_keys.Nodes, [.. stale]).ConfigureAwait(false);
        }

        return (heartbeats, isNew);
    }

    private async Task CheckAsync(IDatabase database)
    {
        foreach (var check in _checks)
        {
            if (await check.RunAsync(database).ConfigureAwait(false) is > 0 and var lost)
            {
                LogLost(_target.Namespace, lost);
            }
        }
    }

    /// <summary>Publishes everything again where the epoch is missing. True when the registry is not the one read last.</summary>
    private async Task<bool> TendEpochAsync(IDatabase database, string? epoch, CancellationToken cancellation)
    {
        if (epoch is null)
        {
            foreach (var restorer in _restorers)
            {
                await restorer.RestoreAsync(_target.Namespace, database, cancellation).ConfigureAwait(false);
            }

            epoch = _time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
            await database.StringSetAsync(_keys.Epoch, epoch, when: When.NotExists).ConfigureAwait(false);
            epoch = (string?)await database.StringGetAsync(_keys.Epoch).ConfigureAwait(false);
            LogRestored(_target.Namespace);
        }

        var isNew = _epoch is not null && _epoch != epoch;
        _epoch = epoch;
        return isNew;
    }

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellation) =>
        await ConnectionMultiplexer.ConnectAsync(await _connect(cancellation).ConfigureAwait(false)).ConfigureAwait(false);

    [LoggerMessage(Level = LogLevel.Information, Message = "The registry of {Namespace} answers; {Nodes} nodes report")]
    private partial void LogReachable(string @namespace, int nodes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The registry of {Namespace} does not answer ({Problem}); trying again every second")]
    private partial void LogUnreachable(string @namespace, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reading the registry of {Namespace} failed unexpectedly; trying again every second")]
    private partial void LogFault(string @namespace, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The registry of {Namespace} does not hold {Count} routes as they were written; they are written again")]
    private partial void LogLost(string @namespace, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "The registry of {Namespace} was new or empty; everything was published again")]
    private partial void LogRestored(string @namespace);
}
