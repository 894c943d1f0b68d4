using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Node;

/// <summary>A real node in a process of its own, on free loopback ports, with the development keys.</summary>
public sealed class SfuNode : IAsyncDisposable
{
    public const string ApiKey = "devkey";
    public const string ApiSecret = "secret";

    private readonly NodeProgram _program;

    private SfuNode(NodeProgram program) => _program = program;

    public string HttpUrl => _program.Signal.ToString().TrimEnd('/');

    public string WebSocketUrl => HttpUrl.Replace("http://", "ws://", StringComparison.Ordinal);

    public string HealthUrl => $"http://127.0.0.1:{_program.HealthPort}";

    /// <inheritdoc cref="NodeProgram.UdpPort"/>
    public int UdpPort => _program.UdpPort;

    /// <inheritdoc cref="NodeProgram.TcpPort"/>
    public int TcpPort => _program.TcpPort;

    public ChildProcess Process => _program.Process;

    public static async Task<SfuNode> StartAsync(IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments) =>
        new(await NodeProgram.StartAsync(environment, arguments));

    public static string Token(string room, string identity, Action<TokenOptions>? configure = null)
    {
        var options = new TokenOptions { Grant = new VideoGrant { RoomJoin = true, Room = room } };
        configure?.Invoke(options);
        return new TokenSigner(new ApiKeys([KeyValuePair.Create(ApiKey, new AccessTokenSecret(ApiSecret))], ApiKey)).Sign(
            new AccessClaims { Issuer = ApiKey, Identity = identity, Name = identity, Video = options.Grant },
            DateTimeOffset.UtcNow,
            options.Lifetime);
    }

    /// <summary>Kills the node as a crash would, and starts another on the same ports. This one is of no more use.</summary>
    public async Task<SfuNode> RestartAsync()
    {
        await Process.KillAsync();
        var next = await StartAsync(null, "--port", $"{_program.Signal.Port}", "--udp-port", $"{UdpPort}", "--tcp-port", $"{TcpPort}");
        await DisposeAsync();
        return next;
    }

    /// <summary>What the node has logged so far.</summary>
    public string Log() => Process.ReadOutput();

    public ValueTask DisposeAsync() => _program.DisposeAsync();
}

public sealed class TokenOptions
{
    public required VideoGrant Grant { get; set; }

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);
}
