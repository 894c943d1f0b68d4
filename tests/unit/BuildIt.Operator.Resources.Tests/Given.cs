using BuildIt.Operator.Api;

namespace BuildIt.Operator.Resources.Tests;

/// <summary>Fleets for table tests.</summary>
internal static class Given
{
    public const string Image = "buildit/sfu-node:1.0";

    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static SfuCluster Cluster() => Yaml.Read<SfuCluster>(GoldenFolder.Read("host-port", "cluster.yaml"));

    public static SfuCluster With(Func<SfuClusterSpec, SfuClusterSpec> change)
    {
        var cluster = Cluster();
        cluster.Spec = change(cluster.Spec);
        return cluster;
    }
}
