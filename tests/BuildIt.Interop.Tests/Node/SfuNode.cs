using System.Text.RegularExpressions;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Node;

/// <summary>A real node in a process of its own, on free loopback ports, with the development keys.</summary>
public sealed partial class SfuNode : IAsyncDisposable
{
    public const string ApiKey = "devkey";
    public const string ApiSecret = "secret";

    private static readonly string[] Ports = ["--port", "--udp-port", "--tcp-port", "--health-port"];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _process;

    private SfuNode(ChildProcess process, Uri signal, int healthPort, int udpPort, int tcpPort)
    {
        _process = process;
        HttpUrl = signal.ToString().TrimEnd('/');
        WebSocketUrl = HttpUrl.Replace("http://", "ws://", StringComparison.Ordinal);
        HealthUrl = $"http://127.0.0.1:{healthPort}";
        UdpPort = udpPort;
        TcpPort = tcpPort;
    }

    public string HttpUrl { get; }

    public string WebSocketUrl { get; }

    public string HealthUrl { get; }

    /// <summary>Where all media over UDP goes.</summary>
    public int UdpPort { get; }

    /// <summary>Where media over TCP goes.</summary>
    public int TcpPort { get; }

    public ChildProcess Process => _process;

    public static async Task<SfuNode> StartAsync(IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments)
    {
        var process = ChildProcess.Start(
            "dotnet",
            [InteropPaths.NodeAssembly, "--dev", .. FreePorts(arguments), .. arguments],
            environment);
        await process.WaitForOutputAsync("TCP port", StartTimeout);
        var match = Serving().Match(process.ReadOutput());
        return new SfuNode(process, new Uri(match.Groups[1].Value), Port(2), Port(3), Port(4));

        int Port(int group) => int.Parse(match.Groups[group].Value, System.Globalization.CultureInfo.InvariantCulture);
    }

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
        await _process.KillAsync();
        await _process.DisposeAsync();
        return await StartAsync(
            null,
            "--port", Invariant(new Uri(HttpUrl).Port), "--udp-port", Invariant(UdpPort), "--tcp-port", Invariant(TcpPort));

        static string Invariant(int port) => port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>What the node has logged so far.</summary>
    public string Log() => _process.ReadOutput();

    public async ValueTask DisposeAsync() => await _process.DisposeAsync();

    private static IEnumerable<string> FreePorts(string[] arguments) =>
        Ports.Except(arguments, StringComparer.Ordinal).SelectMany(option => (string[])[option, "0"]);

    [GeneratedRegex(@"Serving: signal (http://\S+), health port (\d+), media UDP port (\d+), TCP port (\d+)")]
    private static partial Regex Serving();
}

public sealed class TokenOptions
{
    public required VideoGrant Grant { get; set; }

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);
}
