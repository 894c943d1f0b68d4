using BuildIt.Operator.Api;

namespace BuildIt.Operator.Registry;

/// <summary>Which registry a fleet uses: the servers, how they are talked to, and the namespace whose names are read.</summary>
/// <remarks>Two fleets of one namespace with equal targets share one connection.</remarks>
public sealed record RegistryTarget(string Namespace, IReadOnlyList<string> Addresses, bool Tls, string? SecretName)
{
    public static RegistryTarget Of(SfuCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var redis = cluster.Spec.Redis;
        return new RegistryTarget(cluster.Metadata.NamespaceProperty, [.. redis.Addresses], redis.Tls, redis.SecretRef?.Name);
    }

    // A list is compared by what it is, not by what is in it.
    public bool Equals(RegistryTarget? other) => other is not null
        && (Namespace, Tls, SecretName) == (other.Namespace, other.Tls, other.SecretName) && Addresses.SequenceEqual(other.Addresses, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Namespace, Tls, SecretName, Addresses.Count, Addresses.Count > 0 ? Addresses[0] : null);

    public override string ToString() => $"registry of {Namespace}";
}
