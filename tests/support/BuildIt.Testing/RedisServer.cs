using System.Net.Sockets;
using System.Text;
using Testcontainers.Redis;
using Xunit;

namespace BuildIt.Testing;

/// <summary>
/// A real Redis for tests: the server that <c>BUILDIT_TEST_REDIS</c> names (<c>host:port</c>), else
/// <c>redis-server</c> from the PATH on a free port, else a container. Serves as an xunit fixture.
/// It keeps nothing on disk: a restarted server is an empty one.
/// </summary>
public sealed class RedisServer : IAsyncLifetime, IAsyncDisposable
{
    private const string ContainerImage = "redis:7-alpine";
    private const ushort ContainerPort = 6379;
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(20);

    private readonly string? _external = Environment.GetEnvironmentVariable("BUILDIT_TEST_REDIS") is { Length: > 0 } address ? address : null;
    private ChildProcess? _process;
    private RedisContainer? _container;

    /// <summary>Starts a server of the caller's own.</summary>
    public static async Task<RedisServer> StartNewAsync()
    {
        var server = new RedisServer();
        await server.InitializeAsync();
        return server;
    }

    /// <summary>Host name or address.</summary>
    public string Host { get; private set; } = "127.0.0.1";

    /// <summary>TCP port, the same for the life of this object.</summary>
    public int Port { get; private set; }

    /// <summary>What StackExchange.Redis connects to: <c>host:port</c>.</summary>
    public string Address => $"{Host}:{Port}";

    /// <summary>Whether the server can be stopped and started here, which one given by <c>BUILDIT_TEST_REDIS</c> cannot.</summary>
    public bool OwnsServer => _external is null;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        if (_external is not null)
        {
            var colon = _external.LastIndexOf(':');
            (Host, Port) = colon < 0 ? (_external, ContainerPort) : (_external[..colon], int.Parse(_external[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture));
            await WaitUntilReadyAsync(CancellationToken.None);
            return;
        }

        Port = FreePort.NextTcp();
        await StartAsync();
    }

    /// <summary>Starts the server after <see cref="StopAsync"/>: empty, on the same port, and ready on return.</summary>
    /// <exception cref="NotSupportedException">The server is not this object's own.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfExternal();
        if (ProgramPath.Find("redis-server") is { } program)
        {
            _process = ChildProcess.Start(
                program,
                ["--bind", Host, "--port", $"{Port}", "--save", "", "--appendonly", "no", "--dir", Path.GetTempPath()]);
        }
        else
        {
            _container ??= new RedisBuilder(ContainerImage).WithPortBinding(Port, ContainerPort).Build();
            await _container.StartAsync(cancellationToken);
            Host = _container.Hostname;
        }

        await WaitUntilReadyAsync(cancellationToken);
    }

    /// <summary>Ends the server as a crash would; its contents are gone.</summary>
    /// <exception cref="NotSupportedException">The server is not this object's own.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfExternal();
        if (_process is { } process)
        {
            _process = null;
            await process.KillAsync();
            await process.DisposeAsync();
            File.Delete(process.OutputPath);
        }
        else if (_container is not null)
        {
            await _container.StopAsync(cancellationToken);
        }
    }

    /// <summary>Empties every database.</summary>
    public async Task FlushAllAsync(CancellationToken cancellationToken = default)
    {
        var answer = await SendAsync("FLUSHALL", cancellationToken);
        if (answer != "+OK")
        {
            throw new InvalidOperationException($"Redis at {Address} answered '{answer}' to FLUSHALL.");
        }
    }

    /// <summary>Makes this server a replica of another, and waits until it has all that the other has.</summary>
    public async Task ReplicateAsync(RedisServer primary, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(primary);
        await CommandAsync($"REPLICAOF {primary.Host} {primary.Port}", cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyTimeout);
        while (!(await ReplicationAsync(limit.Token)).Contains("master_link_status:up", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    /// <summary>Makes this server, which was a replica, one that is written to. What it does not have is lost.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken = default) => CommandAsync("REPLICAOF NO ONE", cancellationToken);

    private async Task CommandAsync(string command, CancellationToken cancellationToken)
    {
        if (await SendAsync(command, cancellationToken) is not { } answer || !answer.StartsWith("+OK", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"Redis at {Address} did not carry out '{command}'.");
        }
    }

    // INFO answers in many lines: everything up to the end of the connection, which QUIT brings about.
    private async Task<string> ReplicationAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host, Port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync("INFO replication\r\nQUIT\r\n"u8.ToArray(), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    /// <inheritdoc cref="DisposeAsync" />
    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    /// <summary>Ends the server, when it is this object's own.</summary>
    public async ValueTask DisposeAsync()
    {
        if (OwnsServer)
        {
            await StopAsync();
        }

        if (_container is not null)
        {
            await _container.DisposeAsync();
            _container = null;
        }
    }

    private void ThrowIfExternal()
    {
        if (!OwnsServer)
        {
            throw new NotSupportedException("The Redis server given by BUILDIT_TEST_REDIS is not stopped or started by tests.");
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ReadyTimeout);
        while (true)
        {
            try
            {
                if (await SendAsync("PING", limit.Token) == "+PONG")
                {
                    return;
                }
            }
            catch (SocketException) when (!limit.IsCancellationRequested && _process is not { HasExited: true })
            {
                // Not listening yet.
            }
            catch (SocketException exception)
            {
                throw new InvalidOperationException($"Redis does not answer at {Address}.\n{_process?.ReadOutput()}", exception);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    // Redis accepts a plain line as a command, and both answers wanted here are single lines.
    private async Task<string?> SendAsync(string command, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host, Port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{command}\r\n"), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadLineAsync(cancellationToken);
    }
}
