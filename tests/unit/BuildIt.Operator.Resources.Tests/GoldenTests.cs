using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Budgets;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Operator.Resources.Revisions;
using BuildIt.Operator.Resources.Services;

namespace BuildIt.Operator.Resources.Tests;

/// <summary>
/// What each golden SfuCluster becomes. A change of a pod file is a change of every fleet's pods: raise
/// <see cref="RevisionHash.PodFormat"/> with it, then write the files anew with BUILDIT_UPDATE_GOLDEN=1 and read the difference.
/// </summary>
public sealed class GoldenTests
{
    private const string Image = "buildit/sfu-node:1.0";
    private const string PodUid = "6f0c1d7e-0000-4000-8000-00000000000f";

    public static TheoryData<string> Folders => [.. GoldenFolder.Names];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Objects_of_a_fleet_are_the_golden_ones(string folder)
    {
        var cluster = Yaml.Read<SfuCluster>(GoldenFolder.Read(folder, "cluster.yaml"));
        var revision = RevisionHash.Of(cluster, Image);
        var name = $"{cluster.Metadata.Name}-{revision}-bcdfghj";
        var pod = PodBuilder.Build(cluster, new InstanceRequest(name, revision, Image, HostPorts.Pick(cluster.Spec.Network, [])));
        pod.Metadata.Uid = PodUid;

        GoldenFolder.Compare(folder, "pod.yaml", Yaml.Write(pod));
        GoldenFolder.Compare(folder, "service.yaml", Yaml.Write(SignalService.Build(cluster)));
        GoldenFolder.Compare(folder, "budget.yaml", Yaml.Write(DisruptionBudget.Build(cluster)));
        if (InstanceService.IsNeeded(cluster.Spec.Network))
        {
            GoldenFolder.Compare(folder, "instance-service.yaml", Yaml.Write(InstanceService.Build(cluster, pod)));
        }
    }
}
