using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>The operator and a room API as processes of their own, as they are installed.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    /// <summary>The URL for which requests of applications are signed.</summary>
    public const string PublicUrl = "https://api.example.com";

    private static readonly Dictionary<string, string?> Nothing = [];

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("buildit-control-plane-");
    private readonly int _operations = FreePort.NextTcp();
    private readonly int _port = FreePort.NextTcp();
    private readonly int _status = FreePort.NextTcp();
    private ChildProcess? _operator;
    private ChildProcess? _roomApi;

    /// <summary>Where nodes reach the room API.</summary>
    public Uri RoomApi => new($"http://127.0.0.1:{_operations}");

    /// <summary>Where the operator's health and metrics are.</summary>
    public Uri Operator => new($"http://127.0.0.1:{_status}");

    /// <summary>Where applications reach it.</summary>
    public Uri Applications => new($"http://127.0.0.1:{_port}");

    public string OperatorLog => _operator?.ReadOutput() ?? string.Empty;

    public string RoomApiLog => _roomApi?.ReadOutput() ?? string.Empty;

    public string Log => $"operator:\n{OperatorLog}\nroom API:\n{RoomApiLog}";

    /// <param name="fleet">What the operator looks after.</param>
    /// <param name="cluster">The API server.</param>
    /// <param name="redis">The registry.</param>
    /// <param name="further">Further variables of both.</param>
    public async Task StartAsync(FleetWorld fleet, KubernetesCluster cluster, RedisServer redis, IReadOnlyDictionary<string, string?>? further = null)
    {
        _operator = ChildProcess.Start(Path.ChangeExtension(typeof(OperatorSettings).Assembly.Location, null), [], new Dictionary<string, string?>(further ?? Nothing)
        {
            ["BUILDIT_OPERATOR_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_OPERATOR_WATCH_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_OPERATOR_NODE_IMAGE"] = "registry.example.com/sfu-node:test",
            ["BUILDIT_OPERATOR_HTTP_PORT"] = $"{_status}",
            ["BUILDIT_OPERATOR_KUBECONFIG"] = fleet.WriteKubeconfig(_folder.FullName),
        });
        var keys = _folder.CreateSubdirectory("keys").FullName;
        var pepper = Path.Combine(_folder.FullName, "pepper");
        await File.WriteAllTextAsync(Path.Combine(keys, NodeProcess.ApiKey), NodeProcess.ApiSecret);
        await File.WriteAllTextAsync(pepper, "pepper of the tests that is long enough");
        _roomApi = ChildProcess.Start("dotnet", [BuiltProgram.Assembly("operator", "BuildIt.RoomApi")], new Dictionary<string, string?>(further ?? Nothing)
        {
            ["BUILDIT_ROOMAPI_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_ROOMAPI_PUBLIC_URL"] = PublicUrl,
            ["BUILDIT_ROOMAPI_DEFAULT_ENDPOINT"] = "wss://sfu.example.com",
            ["BUILDIT_ROOMAPI_PEPPER_FILE"] = pepper,
            ["BUILDIT_ROOMAPI_API_KEYS_DIRECTORY"] = keys,
            ["BUILDIT_ROOMAPI_REDIS_ADDRESSES"] = redis.Address,
            ["BUILDIT_ROOMAPI_BIND_ADDRESS"] = "127.0.0.1",
            ["BUILDIT_ROOMAPI_PORT"] = $"{_port}",
            ["BUILDIT_ROOMAPI_OPERATIONS_PORT"] = $"{_operations}",
            ["BUILDIT_ROOMAPI_KUBECONFIG"] = cluster.KubeconfigPath,
        });
        await _operator.WaitForOutputAsync("leads", StartTimeout);
        using var http = new HttpClient { BaseAddress = RoomApi };
        await Eventually.TrueAsync(() => IsReadyAsync(http), "the room API is ready", () => Task.FromResult(Log));
    }

    public async ValueTask DisposeAsync()
    {
        if (_roomApi is not null)
        {
            await _roomApi.DisposeAsync();
        }

        if (_operator is not null)
        {
            await _operator.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync("/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
