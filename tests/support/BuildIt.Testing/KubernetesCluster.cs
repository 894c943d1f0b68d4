using k8s;
using k8s.Models;
using Xunit;

namespace BuildIt.Testing;

/// <summary>
/// A real Kubernetes API for tests: the cluster that <c>KUBECONFIG_E2E</c> names, else a control plane
/// of this machine (kube-apiserver and etcd, no nodes). Serves as an xunit class or collection fixture;
/// tests keep apart by namespaces. Members may be called from any thread, except that stopping and
/// starting the API server is for one test at a time, on a cluster of its own.
/// </summary>
public sealed class KubernetesCluster : IAsyncLifetime, IAsyncDisposable
{
    // Where nothing is cached yet, Kubernetes is built from source first.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(25);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(2);

    private readonly bool _controllerManager;
    private readonly string? _external = Environment.GetEnvironmentVariable("KUBECONFIG_E2E") is { Length: > 0 } path ? path : null;
    private string? _folder;
    private Kubernetes? _client;

    /// <summary>A control plane without a controller manager: what a test creates stays as it is.</summary>
    public KubernetesCluster()
        : this(controllerManager: false)
    {
    }

    private KubernetesCluster(bool controllerManager) => _controllerManager = controllerManager;

    /// <summary>Starts a cluster of the caller's own.</summary>
    /// <param name="controllerManager">
    /// Also run kube-controller-manager: garbage collection of owned objects, service accounts,
    /// deletion of namespaces.
    /// </param>
    /// <exception cref="InvalidOperationException">It did not start; the message holds what its scripts said.</exception>
    public static async Task<KubernetesCluster> StartAsync(bool controllerManager = false)
    {
        var cluster = new KubernetesCluster(controllerManager);
        await cluster.InitializeAsync();
        return cluster;
    }

    /// <summary>A kubeconfig with every right.</summary>
    public string KubeconfigPath { get; private set; } = string.Empty;

    /// <summary>
    /// Whether the API server can be stopped and started here, which it cannot in a cluster that was
    /// given by <c>KUBECONFIG_E2E</c>.
    /// </summary>
    public bool OwnsApiServer => _external is null;

    /// <summary>A client with every right, shared by the tests of the fixture.</summary>
    public IKubernetes Client => _client ?? throw new InvalidOperationException("The cluster has not been started.");

    /// <summary>What a client of the caller's own is made from; each call returns a new object.</summary>
    public KubernetesClientConfiguration ClientConfiguration() =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath);

    /// <summary>Creates an empty namespace with a name nobody else has.</summary>
    /// <param name="prefix">Start of the name, to recognise the test by; a DNS label.</param>
    /// <param name="cancellationToken">Gives up waiting for the API server.</param>
    /// <returns>The namespace's name.</returns>
    public async Task<string> CreateNamespaceAsync(string prefix = "test", CancellationToken cancellationToken = default)
    {
        var created = await Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { GenerateName = $"{prefix}-" } },
            cancellationToken: cancellationToken);
        return created.Metadata.Name;
    }

    /// <summary>Ends the API server as a crash would; etcd and what it holds stay.</summary>
    public Task StopApiServerAsync(CancellationToken cancellationToken = default) => RunOwnAsync("stop-apiserver", cancellationToken);

    /// <summary>Starts the API server again, on the same port, and returns when it is ready.</summary>
    public Task StartApiServerAsync(CancellationToken cancellationToken = default) => RunOwnAsync("start-apiserver", cancellationToken);

    /// <summary>
    /// Makes etcd forget every past revision. Whoever resumes a watch or a paged list from before gets
    /// 410 Gone once the API server's own watch cache is gone too, that is after a restart.
    /// </summary>
    public Task CompactEtcdAsync(CancellationToken cancellationToken = default) => RunOwnAsync("compact-etcd", cancellationToken);

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        if (_external is not null)
        {
            KubeconfigPath = _external;
        }
        else
        {
            _folder = Directory.CreateTempSubdirectory("buildit-cluster-").FullName;
            // The owner's end ends the cluster, so that a killed test run leaves nothing behind.
            string[] arguments = ["start", _folder, "--owner", $"{Environment.ProcessId}", .. _controllerManager ? ["--controller-manager"] : Array.Empty<string>()];
            await ChildProcess.RunAsync(Script, arguments, StartTimeout);
            KubeconfigPath = Path.Combine(_folder, "admin.kubeconfig");
        }

        _client = new Kubernetes(ClientConfiguration(), new PatientHandler());
    }

    /// <inheritdoc cref="DisposeAsync" />
    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    /// <summary>Ends every process of the cluster and removes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _client = null;
        if (_folder is { } folder)
        {
            _folder = null;
            await ChildProcess.RunAsync(Script, ["stop", folder], CommandTimeout);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Script => RepositoryRoot.Path("tests", "cluster", "control-plane.sh");

    private Task RunOwnAsync(string command, CancellationToken cancellationToken) => _folder is { } folder
        ? ChildProcess.RunAsync(Script, [command, folder], CommandTimeout, cancellationToken: cancellationToken)
        : throw new NotSupportedException($"'{command}' needs a cluster of this machine, not one given by KUBECONFIG_E2E.");
}
