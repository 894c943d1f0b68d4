using BuildIt.Testing;
using BuildIt.Testing.ControlPlane;
using k8s;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>What a test of conversion needs of a Kubernetes.</summary>
public interface IConversionServer
{
    /// <summary>A client of the server that holds definitions and calls their webhooks, with every right.</summary>
    IKubernetes Client { get; }

    /// <summary>A kubeconfig for kubectl, which asks for more than definitions.</summary>
    string KubeconfigPath { get; }

    /// <summary>What an operator is given, which needs more of a Kubernetes than that.</summary>
    KubernetesClientConfiguration OperatorConfiguration();

    /// <summary>A namespace of its own for a test.</summary>
    Task<string> CreateNamespaceAsync();
}

/// <summary>A whole Kubernetes.</summary>
public sealed class WholeServer(KubernetesCluster cluster) : IConversionServer
{
    public IKubernetes Client => cluster.Client;

    public string KubeconfigPath => cluster.KubeconfigPath;

    public KubernetesClientConfiguration OperatorConfiguration() => cluster.ClientConfiguration();

    public Task<string> CreateNamespaceAsync() => cluster.CreateNamespaceAsync("conversion");
}

/// <summary>
/// The definition server of a current Kubernetes, which stores objects, keeps their definitions and calls the webhook that converts them;
/// the operator's own objects, which it does not have, are in a whole cluster.
/// </summary>
public sealed class CurrentConversionServer : IConversionServer, IAsyncLifetime
{
    private readonly KubernetesCluster _cluster = new();
    private readonly DefinitionServer _definitions = new();
    private DefinitionSplit? _split;

    public IKubernetes Client => _definitions.Client;

    public string KubeconfigPath => _split!.KubeconfigPath;

    /// <summary>The version of the definition server.</summary>
    public string Version => _definitions.Version;

    public KubernetesClientConfiguration OperatorConfiguration() => _split!.ClientConfiguration();

    public Task<string> CreateNamespaceAsync() => _cluster.CreateNamespaceAsync("conversion");

    public async Task InitializeAsync()
    {
        await Task.WhenAll(_cluster.InitializeAsync(), _definitions.InitializeAsync());
        _split = await DefinitionSplit.StartAsync(_cluster, _definitions, Gadget.Group);
    }

    public async Task DisposeAsync()
    {
        if (_split is not null)
        {
            await _split.DisposeAsync();
        }

        await _definitions.DisposeAsync();
        await _cluster.DisposeAsync();
    }
}
