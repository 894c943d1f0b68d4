using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Fleets;

namespace BuildIt.Interop.Tests.Node;

/// <summary>
/// A real node in a process of its own, on free loopback ports, with the development keys. With <see cref="NodesVariable"/> in the
/// environment, so many of them that serve every room together, each participant at the next: to a client a cascade is invisible. With
/// <see cref="PartsVariable"/>, every room has so many parts on each node, each participant at the next: neither are parts to be seen.
/// </summary>
public sealed class SfuNode : IAsyncDisposable
{
    public const string ApiKey = "devkey";
    public const string ApiSecret = "secret";

    /// <summary>How many nodes stand for the one; 1 when it is not set.</summary>
    public const string NodesVariable = "BUILDIT_INTEROP_NODES";

    /// <summary>How many parts rooms have on a node; 1 when it is not set.</summary>
    public const string PartsVariable = "BUILDIT_INTEROP_PARTS";

    private readonly NodeProgram _program;
    private readonly CascadedFleet? _fleet;
    private readonly IReadOnlyDictionary<string, string?>? _environment;

    private SfuNode(NodeProgram program, CascadedFleet? fleet, IReadOnlyDictionary<string, string?>? environment) =>
        (_program, _fleet, _environment) = (program, fleet, environment);

    /// <summary>Whether several nodes stand for the one.</summary>
    public bool IsCascade => _fleet is not null;

    /// <summary>How many nodes stand for one where a test does not say.</summary>
    private static int Usual =>
        int.TryParse(Environment.GetEnvironmentVariable(NodesVariable), System.Globalization.CultureInfo.InvariantCulture, out var count) ? count : 1;

    public string HttpUrl => _fleet is null ? HttpOf(_program) : $"http://127.0.0.1:{_fleet.Front.Port}";

    public string WebSocketUrl => WebSocketOf(HttpUrl);

    /// <summary>The address of the one node that the ports, the process and the metrics here are of.</summary>
    public string NearUrl => WebSocketOf(HttpOf(_program));

    /// <summary>The address of another node, where there are several.</summary>
    public string FarUrl => WebSocketOf(HttpOf(_fleet?.Nodes[^1] ?? _program));

    public string HealthUrl => $"http://127.0.0.1:{_program.HealthPort}";

    /// <inheritdoc cref="NodeProgram.UdpPort"/>
    public int UdpPort => _program.UdpPort;

    /// <inheritdoc cref="NodeProgram.TcpPort"/>
    public int TcpPort => _program.TcpPort;

    public ChildProcess Process => _program.Process;

    /// <summary>The processes of all nodes that stand for this one.</summary>
    public IEnumerable<ChildProcess> Processes => Programs.Select(program => program.Process);

    /// <summary>The ports of all of them, for signals and media.</summary>
    public IEnumerable<int> Ports => Programs.SelectMany(program => (int[])[program.Signal.Port, program.UdpPort, program.TcpPort]).Append(new Uri(HttpUrl).Port).Where(port => port > 0);

    /// <summary>What they tell each other by; null where there is one node.</summary>
    public RedisServer? Registry => _fleet?.Registry;

    private IEnumerable<NodeProgram> Programs => _fleet?.Nodes ?? [_program];

    public static async Task<SfuNode> StartAsync(IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments) =>
        Usual > 1 ? await StartCascadeAsync(Usual, environment, arguments) : new(await NodeProgram.StartAsync(WithParts(environment), arguments), null, environment);

    /// <summary>Starts so many nodes that stand for one.</summary>
    public static async Task<SfuNode> StartCascadeAsync(int nodes, IReadOnlyDictionary<string, string?>? environment = null, params string[] arguments)
    {
        var fleet = await CascadedFleet.StartAsync(nodes, WithParts(environment), arguments);
        return new SfuNode(fleet.Nodes[0], fleet, environment);
    }

    public static string Token(string room, string identity, Action<TokenOptions>? configure = null)
    {
        var options = new TokenOptions { Grant = new VideoGrant { RoomJoin = true, Room = room } };
        configure?.Invoke(options);
        if (Usual > 1 && options.Grant.RoomJoin)
        {
            MayCreate(options);
        }

        return new TokenSigner(new ApiKeys([KeyValuePair.Create(ApiKey, new AccessTokenSecret(ApiSecret))], ApiKey)).Sign(
            new AccessClaims { Issuer = ApiKey, Identity = identity, Name = identity, Video = options.Grant },
            DateTimeOffset.UtcNow,
            options.Lifetime);
    }

    /// <summary>Gives a room its seats where there are several nodes, as an operator does.</summary>
    public Task OpenAsync(string room) => _fleet?.OpenAsync(room) ?? Task.CompletedTask;

    /// <summary>Kills the node, or all that stand for it, as a crash would, and starts another on the same ports. This one is of no more use.</summary>
    public async Task<SfuNode> RestartAsync()
    {
        if (_fleet is { } fleet)
        {
            await fleet.RestartAsync();
            return new SfuNode(fleet.Nodes[0], fleet, _environment);
        }

        await Process.KillAsync();
        var next = await StartAsync(_environment, "--port", $"{_program.Signal.Port}", "--udp-port", $"{UdpPort}", "--tcp-port", $"{TcpPort}");
        await DisposeAsync();
        return next;
    }

    /// <summary>What the node has logged so far.</summary>
    public string Log() => _fleet is null ? Process.ReadOutput() : string.Concat(_fleet.Nodes.Select(node => node.Process.ReadOutput()));

    public ValueTask DisposeAsync() => _fleet?.DisposeAsync() ?? _program.DisposeAsync();

    /// <summary>Kills one of the nodes that stand for this one.</summary>
    public Task KillAsync(int place) => _fleet!.Nodes[place].Process.KillAsync();

    private static IReadOnlyDictionary<string, string?>? WithParts(IReadOnlyDictionary<string, string?>? environment) =>
        Environment.GetEnvironmentVariable(PartsVariable) is { Length: > 0 } parts && parts != "1"
            ? new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>())
            {
                ["BUILDIT_LOOPS"] = parts,
                ["BUILDIT_ROOM_PARTS"] = "Spread",
            }
            : environment;

    private static string HttpOf(NodeProgram node) => node.Signal.ToString().TrimEnd('/');

    private static string WebSocketOf(string http) => http.Replace("http://", "ws://", StringComparison.Ordinal);

    /// <summary>A fleet makes rooms for those who may create them.</summary>
    internal static void MayCreate(TokenOptions options) => options.Grant = options.Grant with { RoomCreate = true };
}

public sealed class TokenOptions
{
    public required VideoGrant Grant { get; set; }

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);
}
