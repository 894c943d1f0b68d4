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
/// Reads the heartbeats of one namespace from one registry every second, and what cannot wait at once. Members may be called from any thread.
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
    private readonly EarlyHeartbeats _early = new();
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
            while (await HearUntilAsync(timer.WaitForNextTickAsync(_stop.Token).AsTask()).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }

    /// <summary>Waits until all are to be read again, and reads what is announced meanwhile.</summary>
    private async Task<bool> HearUntilAsync(Task<bool> tick)
    {
        while (await Task.WhenAny(tick, _early.Announced).ConfigureAwait(false) != tick)
        {
            var nodes = _early.Take();
            if (_connection is not { } connection || _book.ReachableSince is null)
            {
                continue;
            }

            try
            {
                var heartbeats = await ReadAsync(connection.GetDatabase(), nodes).ConfigureAwait(false);
                Raise(_book.Read(heartbeats.OfType<Heartbeat>(), isNew: false, _time.GetUtcNow()));
            }
            catch (Exception failure) when (IsExpected(failure))
            {
                // The registry counts as away when all are read and it does not answer.
            }
        }

        return await tick.ConfigureAwait(false);
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

        Raise(changed);
    }

    private void Raise(IReadOnlySet<string> clusters)
    {
        foreach (var cluster in clusters)
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
        var known = index.Result;
        var heartbeats = await ReadAsync(database, [.. known.Select(node => node.Element.ToString())]).ConfigureAwait(false);
        var oldest = (_time.GetUtcNow() - IndexMemory).ToUnixTimeMilliseconds();
        var stale = known.Where((node, i) => heartbeats[i] is null && node.Score < oldest).Select(node => node.Element).ToArray();
        if (stale.Length > 0)
        {
            await database.SortedSetRemoveAsync(_keys.Nodes, stale).ConfigureAwait(false);
        }

        return ([.. heartbeats.OfType<Heartbeat>()], isNew);
    }

    /// <summary>What nodes have written, in their order; null where there is nothing that counts.</summary>
    private async Task<Heartbeat?[]> ReadAsync(IDatabase database, IReadOnlyList<string> nodes)
    {
        var pages = nodes.Chunk(PageSize).Select(page => database.StringGetAsync([.. page.Select(node => (RedisKey)_keys.Node(new NodeId(node)))], CommandFlags.DemandMaster));
        var values = (await Task.WhenAll(pages).ConfigureAwait(false)).SelectMany(page => page);
        return [.. values.Select((value, i) => Read(value, nodes[i]))];
    }

    // Whoever can write to the registry could write anything: a heartbeat counts under its own name and namespace only.
    private Heartbeat? Read(RedisValue value, string node) =>
        !value.IsNull && ContractJson.TryRead(((ReadOnlyMemory<byte>)value).Span, ContractJson.Default.Heartbeat, out var heartbeat)
            && heartbeat.Node.Value == node && heartbeat.Namespace == _target.Namespace ? heartbeat : null;

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

    private async Task<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellation)
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(await _connect(cancellation).ConfigureAwait(false)).ConfigureAwait(false);

        // The client library subscribes again whenever it connects. Where it may not, nodes are heard when all are read.
        await connection.GetSubscriber()
            .SubscribeAsync(RedisChannel.Literal(_keys.EarlyHeartbeats), (_, node) => _early.Add(node.ToString()), CommandFlags.FireAndForget).ConfigureAwait(false);
        return connection;
    }

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
