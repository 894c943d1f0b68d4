using System.Text;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Sfu.Contracts;
using k8s.Models;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Operator.Registry;

/// <summary>The registries that fleets use, one connection for each. Any thread.</summary>
public sealed class RegistryHub(
    ApiClient client, IEnumerable<IRegistryRestorer> restorers, FleetSignal signal, TimeProvider time, ILogger<RegistryHub> log) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, RegistryTarget> _users = [];
    private readonly Dictionary<RegistryTarget, RegistryWatcher> _watchers = [];

    /// <summary>The watcher of a fleet's registry, started now if need be. One that nobody uses any more ends.</summary>
    public RegistryWatcher Use(ObjectKey cluster, RegistryTarget target)
    {
        RegistryWatcher? unused;
        RegistryWatcher watcher;
        lock (_lock)
        {
            unused = Leave_NeedsLock(cluster, target);
            _users[cluster] = target;
            if (!_watchers.TryGetValue(target, out watcher!))
            {
                _watchers[target] = watcher = new RegistryWatcher(target, token => OptionsAsync(target, token), restorers, signal, time, log);
            }
        }

        End(unused);
        return watcher;
    }

    /// <summary>A registry of a namespace that some fleet uses now; null when there is none.</summary>
    public IReadOnlyList<RegistryWatcher> InNamespace(string ns)
    {
        lock (_lock)
        {
            return [.. _watchers.Where(pair => pair.Key.Namespace == ns).Select(pair => pair.Value)];
        }
    }

    /// <summary>The registry that a fleet uses now; null when that is not known yet.</summary>
    public RegistryWatcher? Of(ObjectKey cluster)
    {
        lock (_lock)
        {
            return _users.TryGetValue(cluster, out var target) ? _watchers.GetValueOrDefault(target) : null;
        }
    }

    /// <summary>A fleet is gone.</summary>
    public void Forget(ObjectKey cluster)
    {
        RegistryWatcher? unused;
        lock (_lock)
        {
            unused = Leave_NeedsLock(cluster, null);
        }

        End(unused);
    }

    public async ValueTask DisposeAsync()
    {
        List<RegistryWatcher> all;
        lock (_lock)
        {
            all = [.. _watchers.Values];
            _watchers.Clear();
            _users.Clear();
        }

        foreach (var watcher in all)
        {
            await watcher.DisposeAsync().ConfigureAwait(false);
        }
    }

    private RegistryWatcher? Leave_NeedsLock(ObjectKey cluster, RegistryTarget? next)
    {
        if (!_users.TryGetValue(cluster, out var old) || old == next)
        {
            return null;
        }

        _users.Remove(cluster);
        return !_users.ContainsValue(old) && _watchers.Remove(old, out var watcher) ? watcher : null;
    }

    // Nobody waits for the end of a connection.
    private static void End(RegistryWatcher? watcher) => _ = watcher?.DisposeAsync().AsTask();

    private async Task<ConfigurationOptions> OptionsAsync(RegistryTarget target, CancellationToken cancellation)
    {
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectTimeout = 2000,
            AsyncTimeout = 2000,
            SyncTimeout = 2000,
            ConfigCheckSeconds = RegistryConnection.RoleCheckSeconds,
            Ssl = target.Tls,
            ClientName = "buildit-sfu-operator",
            ReconnectRetryPolicy = new ExponentialRetry(250, 2000),

            // What cannot be answered now is asked again in a second; nothing is to pile up meanwhile.
            BacklogPolicy = BacklogPolicy.FailFast,
        };
        foreach (var address in target.Addresses)
        {
            options.EndPoints.Add(address);
        }

        if (target.SecretName is { } name)
        {
            var secret = await client.GetAsync<V1Secret>(target.Namespace, name, cancellation).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"there is no Secret {name}");
            options.User = Text(secret, "username");
            options.Password = Text(secret, "password");
        }

        return options;
    }

    private static string? Text(V1Secret secret, string entry) =>
        secret.Data is { } data && data.TryGetValue(entry, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
}
