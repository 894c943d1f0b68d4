using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using k8s;

namespace BuildIt.Operator.Runtime.Hosting;

/// <summary>What an operator needs to run.</summary>
public sealed record OperatorOptions
{
    /// <summary>Name of the component: field manager and source of Events.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace of the operator's own objects (Lease, Secrets).</summary>
    public required string OwnNamespace { get; init; }

    /// <summary>The only namespace watched; null for all.</summary>
    public string? WatchNamespace { get; init; }

    /// <summary>Name of the Lease by which one replica leads; <see cref="Name"/> where none is given.</summary>
    public string? LeaseName { get; init; }

    /// <summary>Name of this process among the replicas; never used twice, so it should hold something random.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid():N}";

    /// <summary>How the API server is reached. By default as in a pod, else as kubectl does.</summary>
    public Func<KubernetesClientConfiguration> ClientConfiguration { get; init; } = KubernetesClientConfiguration.BuildDefaultConfig;

    public InformerOptions Informer { get; init; } = new();

    public LeaderElectionOptions LeaderElection { get; init; } = new();

    /// <summary>How long reconciliations that run may go on when the process is asked to end.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(10);
}
