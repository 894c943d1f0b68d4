using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>The operator and a room API as processes of their own, as they are installed.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("buildit-control-plane-");
    private readonly int _operations = FreePort.NextTcp();
    private ChildProcess? _operator;
    private ChildProcess? _roomApi;

    /// <summary>Where nodes reach the room API.</summary>
    public Uri RoomApi => new($"http://127.0.0.1:{_operations}");

    public string Log => $"operator:\n{_operator?.ReadOutput()}\nroom API:\n{_roomApi?.ReadOutput()}";

    public async Task StartAsync(FleetWorld fleet, KubernetesCluster cluster, RedisServer redis)
    {
        _operator = ChildProcess.Start(Path.ChangeExtension(typeof(OperatorSettings).Assembly.Location, null), [], new Dictionary<string, string?>
        {
            ["BUILDIT_OPERATOR_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_OPERATOR_WATCH_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_OPERATOR_NODE_IMAGE"] = "registry.example.com/sfu-node:test",
            ["BUILDIT_OPERATOR_HTTP_PORT"] = "0",
            ["BUILDIT_OPERATOR_KUBECONFIG"] = fleet.WriteKubeconfig(_folder.FullName),
        });
        var keys = _folder.CreateSubdirectory("keys").FullName;
        var pepper = Path.Combine(_folder.FullName, "pepper");
        await File.WriteAllTextAsync(Path.Combine(keys, NodeProcess.ApiKey), NodeProcess.ApiSecret);
        await File.WriteAllTextAsync(pepper, "pepper of the tests that is long enough");
        _roomApi = ChildProcess.Start("dotnet", [BuiltProgram.Assembly("operator", "BuildIt.RoomApi")], new Dictionary<string, string?>
        {
            ["BUILDIT_ROOMAPI_NAMESPACE"] = fleet.Namespace,
            ["BUILDIT_ROOMAPI_PUBLIC_URL"] = "https://api.example.com",
            ["BUILDIT_ROOMAPI_PEPPER_FILE"] = pepper,
            ["BUILDIT_ROOMAPI_API_KEYS_DIRECTORY"] = keys,
            ["BUILDIT_ROOMAPI_REDIS_ADDRESSES"] = redis.Address,
            ["BUILDIT_ROOMAPI_BIND_ADDRESS"] = "127.0.0.1",
            ["BUILDIT_ROOMAPI_PORT"] = $"{FreePort.NextTcp()}",
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
