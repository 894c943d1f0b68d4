using System.Net;
using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using StackExchange.Redis;

namespace BuildIt.Sfu.Node.Registry;

/// <summary>The region's registry in Redis.</summary>
public sealed partial class RedisNodeRegistry : IRegionRegistry, IAsyncDisposable
{
    private readonly ConnectionMultiplexer _connection;
    private readonly RegistryKeys _keys;
    private readonly TimeProvider _time;

    private RedisNodeRegistry(ConnectionMultiplexer connection, RegistryKeys keys, TimeProvider time)
    {
        _connection = connection;
        _keys = keys;
        _time = time;
    }

    public bool Reachable => _connection.IsConnected;

    /// <summary>Starts connecting; a registry that is away now is tried again for ever in the background.</summary>
    public static async Task<RedisNodeRegistry> ConnectAsync(NodeSettings settings, TimeProvider time)
    {
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            ConnectTimeout = 2000,
            AsyncTimeout = 2000,
            ConfigCheckSeconds = RegistryConnection.RoleCheckSeconds,
            Ssl = settings.RedisTls,
            User = settings.RedisUsername,
            Password = settings.RedisPassword,
            ClientName = settings.Node.Value,

            // A client that waits to join is told at once to try again; nothing is to pile up for a registry that is away.
            BacklogPolicy = BacklogPolicy.FailFast,
            ReconnectRetryPolicy = new ExponentialRetry(250, 2000),
        };
        foreach (var address in settings.RedisAddresses)
        {
            options.EndPoints.Add(address);
        }

        return new RedisNodeRegistry(await ConnectionMultiplexer.ConnectAsync(options), new RegistryKeys(settings.Namespace), time);
    }

    public async Task PublishAsync(Heartbeat heartbeat, bool isUrgent, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(heartbeat, ContractJson.Default.Heartbeat);
        await GuardAsync(async database =>
        {
            // Pipelined, not a transaction: the index only helps to find what the expiring key proves.
            var written = database.StringSetAsync(_keys.Node(heartbeat.Node), json, Heartbeat.Expiry);
            var indexed = database.SortedSetAddAsync(_keys.Nodes, heartbeat.Node.Value, _time.GetUtcNow().ToUnixTimeMilliseconds());
            await Task.WhenAll(written, indexed);
            if (isUrgent)
            {
                // Who may not announce it, or is not heard, is read a moment later.
                await database.PublishAsync(RedisChannel.Literal(_keys.EarlyHeartbeats), heartbeat.Node.Value, CommandFlags.FireAndForget);
            }

            return true;
        }).WaitAsync(cancellation);
    }

    public Task RemoveAsync(NodeId node, CancellationToken cancellation) => GuardAsync(async database =>
    {
        await Task.WhenAll(database.KeyDeleteAsync(_keys.Node(node)), database.SortedSetRemoveAsync(_keys.Nodes, node.Value));
        return true;
    }).WaitAsync(cancellation);

    public async Task<RoomRoute?> FindRouteAsync(RoomId room, CancellationToken cancellation)
    {
        var value = await GuardAsync(database => database.StringGetAsync(_keys.Route(room))).WaitAsync(cancellation);
        return Read(value, ContractJson.Default.RoomRoute);
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task<T> GuardAsync<T>(Func<IDatabase, Task<T>> call)
    {
        try
        {
            return await call(_connection.GetDatabase());
        }
        catch (Exception e) when (e is RedisException or TimeoutException or WebException)
        {
            throw new RegistryUnavailableException("The registry does not answer.", e);
        }
    }
}
