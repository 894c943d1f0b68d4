using BuildIt.RoomApi.Configuration;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Registry;

/// <summary>The connection to the region's Redis: kept open for ever, and quick to say that it is away. Thread-safe.</summary>
public sealed class RedisConnection : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _connection;

    private RedisConnection(ConnectionMultiplexer connection) => _connection = connection;

    public bool IsConnected => _connection.IsConnected;

    /// <summary>Starts connecting. A Redis that is away now is tried again in the background.</summary>
    public static async Task<RedisConnection> ConnectAsync(RoomApiSettings settings)
    {
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            // What cannot be sent now is refused now: a caller waits for an answer, and a command sent minutes later would surprise.
            BacklogPolicy = BacklogPolicy.FailFast,
            ConnectTimeout = 2000,
            AsyncTimeout = 1500,
            ConfigCheckSeconds = RegistryConnection.RoleCheckSeconds,
            Ssl = settings.RedisTls,
            User = settings.RedisUsername,
            Password = settings.RedisPassword,
            ClientName = "room-api",
            ReconnectRetryPolicy = new LinearRetry(250),
        };
        foreach (var address in settings.RedisAddresses)
        {
            options.EndPoints.Add(address);
        }

        return new RedisConnection(await ConnectionMultiplexer.ConnectAsync(options));
    }

    /// <summary>Runs commands.</summary>
    /// <exception cref="RegistryUnavailableException">Redis does not answer, or refuses.</exception>
    public async Task<T> RunAsync<T>(Func<IDatabase, Task<T>> commands, CancellationToken cancellation)
    {
        try
        {
            return await commands(_connection.GetDatabase()).WaitAsync(cancellation);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new RegistryUnavailableException(e);
        }
    }

    /// <summary>Hears a channel until the connection is disposed; what is sent while it is interrupted is lost.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="handler">Called for each message, one after the other.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="RegistryUnavailableException">Redis does not answer; it may be tried again.</exception>
    public async Task SubscribeAsync(string channel, Action<string> handler, CancellationToken cancellation)
    {
        var subscriber = _connection.GetSubscriber();
        var name = RedisChannel.Literal(channel);
        void Hear(RedisChannel from, RedisValue message) => handler(message.ToString());
        try
        {
            await subscriber.SubscribeAsync(name, Hear).WaitAsync(cancellation);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Kept for later it would hear everything twice.
            subscriber.Unsubscribe(name, Hear, CommandFlags.FireAndForget);
            throw new RegistryUnavailableException(e);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
