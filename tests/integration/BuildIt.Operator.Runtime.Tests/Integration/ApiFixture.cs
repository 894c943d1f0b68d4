using System.Net;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Queue;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>The tests that need a Kubernetes API and leave it running share one.</summary>
[CollectionDefinition(Name)]
public sealed class ApiCollection : ICollectionFixture<KubernetesCluster>
{
    public const string Name = "Kubernetes API";
}

/// <summary>Counts writes.</summary>
internal sealed class WriteCounter : IApiWriteObserver
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ValueTask BeforeWriteAsync(ApiWrite write, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask AfterWriteAsync(ApiWrite write, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _count);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Lets a test's operator lose its lease without ending the tests.</summary>
internal sealed class IgnoreLoss : ILeadershipLoss
{
    public void OnLost()
    {
    }
}

internal static class Connections
{
    public static readonly InformerOptions QuickInformer = new()
    {
        PageSize = 3,
        WatchTimeout = TimeSpan.FromSeconds(60),
        Backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500)),
    };

    /// <summary>A relay on the way to the API server.</summary>
    public static TcpRelay Relay(this KubernetesCluster cluster) =>
        new(new IPEndPoint(IPAddress.Loopback, new Uri(cluster.ClientConfiguration().Host).Port));

    public static ApiClient Connect(this KubernetesCluster cluster, params IApiWriteObserver[] observers) => cluster.Connect(null, observers);

    public static ApiClient Connect(this KubernetesCluster cluster, TcpRelay? through, params IApiWriteObserver[] observers)
    {
        var configuration = cluster.ClientConfiguration();
        if (through is not null)
        {
            configuration.Host = $"https://127.0.0.1:{through.Port}";
        }

        return new ApiClient(new Kubernetes(configuration, new ApiTrafficHandler(TimeProvider.System, observers)), "runtime-tests", TimeProvider.System);
    }

    public static Informer<T> Informer<T>(this ApiClient client, string ns, InformerOptions? options = null)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        new(client, ns, ListQuery.All, options ?? QuickInformer, TimeProvider.System, NullLogger<Informer<T>>.Instance);

    public static V1ConfigMap ConfigMap(string ns, string name, string value = "v") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns },
        Data = new Dictionary<string, string> { ["key"] = value },
    };
}
