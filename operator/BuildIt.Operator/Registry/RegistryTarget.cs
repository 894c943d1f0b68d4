using BuildIt.Operator.Api;

namespace BuildIt.Operator.Registry;

/// <summary>Which registry a fleet uses: the servers, how they are talked to, and the namespace whose names are read.</summary>
/// <remarks>Two fleets of one namespace with equal targets share one connection.</remarks>
public sealed record RegistryTarget(string Namespace, string Addresses, bool Tls, string? SecretName)
{
    public static RegistryTarget Of(SfuCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var redis = cluster.Spec.Redis;
        return new RegistryTarget(
            cluster.Metadata.NamespaceProperty, string.Join(',', redis.Addresses), redis.Tls, redis.SecretRef?.Name);
    }

    public override string ToString() => $"registry of {Namespace}";
}
