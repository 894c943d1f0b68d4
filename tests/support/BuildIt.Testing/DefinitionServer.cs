using k8s;
using Xunit;

namespace BuildIt.Testing;

/// <summary>
/// The server of CustomResourceDefinitions of a current Kubernetes, for tests: it evaluates rules, fills in defaults, prunes,
/// applies. Where a whole current Kubernetes is at hand it is that; else it is a server of definitions and their objects only,
/// without namespaces, pods, webhooks or discovery of them, in which an object may be in a namespace that nobody made. Serves
/// as an xunit class or collection fixture. Members may be called from any thread.
/// </summary>
public sealed class DefinitionServer : IAsyncLifetime, IAsyncDisposable
{
    // Where nothing is cached yet, it is built from source first, perhaps after a whole Kubernetes.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(45);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(2);

    private string? _folder;
    private Kubernetes? _client;

    /// <summary>The version of Kubernetes it is part of, for example 1.36.4.</summary>
    public string Version { get; private set; } = string.Empty;

    /// <summary>A kubeconfig with every right.</summary>
    public string KubeconfigPath { get; private set; } = string.Empty;

    /// <summary>A client with every right, shared by the tests of the fixture.</summary>
    public IKubernetes Client => _client ?? throw new InvalidOperationException("The server has not been started.");

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _folder = Directory.CreateTempSubdirectory("buildit-definitions-").FullName;
        // The owner's end ends the server, so that a killed test run leaves nothing behind.
        await ChildProcess.RunAsync(Script("definition-server.sh"), ["start", _folder, "--owner", $"{Environment.ProcessId}"], StartTimeout);
        KubeconfigPath = Path.Combine(_folder, "admin.kubeconfig");
        Version = (await File.ReadAllTextAsync(Path.Combine(_folder, "version"))).Trim();
        _client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath), new PatientHandler());
    }

    /// <inheritdoc cref="DisposeAsync" />
    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    /// <summary>Ends every process of the server and removes its files.</summary>
    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _client = null;
        if (_folder is { } folder)
        {
            _folder = null;
            await ChildProcess.RunAsync(Script("definition-server.sh"), ["stop", folder], CommandTimeout);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Script(string name) => RepositoryRoot.Path("tests", "cluster", name);
}
