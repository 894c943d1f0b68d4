using BuildIt.Operator.Api;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Writing;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>A pod and a Kubernetes node of which only a part is kept say what the whole ones say.</summary>
public sealed class TrimmedPodTests
{
    private static readonly DateTime At = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("True", false, false)]
    [InlineData("False", true, false)]
    [InlineData("False", false, true)]
    public void What_is_kept_of_a_pod_is_all_that_is_read(string ready, bool ended, bool waits)
    {
        var state = new V1ContainerState
        {
            Running = ended || waits ? null : new V1ContainerStateRunning { StartedAt = At },
            Terminated = ended ? new V1ContainerStateTerminated { ExitCode = 1 } : null,
            Waiting = waits ? new V1ContainerStateWaiting { Reason = "CrashLoopBackOff" } : null,
        };
        var pod = Pod();
        pod.Status = new V1PodStatus
        {
            Phase = "Running",
            PodIP = "10.1.2.3",
            HostIP = "10.0.0.1",
            Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "True" }, new V1PodCondition { Type = "Ready", Status = ready, LastTransitionTime = At }],
            ContainerStatuses =
            [
                new V1ContainerStatus { Name = "beside", Image = "i", ImageID = "i", Ready = true, RestartCount = 0, State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 0 } } },
                new V1ContainerStatus
                {
                    Name = PodBuilder.ContainerName,
                    Image = "i",
                    ImageID = "i",
                    Ready = true,
                    RestartCount = 0,
                    State = state,
                    LastState = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 1 } },
                },
            ],
        };
        var kept = ObjectWriter.Copy(pod);

        CachedObjects.Trim(kept);

        Assert.Equal(Observed(pod), Observed(kept));
        Assert.Equal(ended || waits, Observed(kept).ProcessEnded);
        Assert.Equal(FleetObserver.AddressOf(pod), FleetObserver.AddressOf(kept));
        var network = new NetworkSpec { Advertise = AdvertiseSource.HostIP };
        Assert.Equal(MediaAddress.Of(network, pod, null, null), MediaAddress.Of(network, kept, null, null));
        Assert.Equal((31000, "node-1"), (HostPorts.Of(kept), kept.Spec.NodeName));
        Assert.Null(kept.Spec.Volumes);
    }

    [Fact]
    public void What_is_kept_of_a_node_is_all_that_is_read()
    {
        var node = new V1Node
        {
            Metadata = new() { Name = "node-1", Labels = new Dictionary<string, string> { ["a"] = "b" }, Annotations = new Dictionary<string, string> { ["a"] = "b" } },
            Spec = new V1NodeSpec { Unschedulable = true, Taints = [new V1Taint { Key = "k", Effect = "NoExecute" }], PodCIDR = "10.0.0.0/24" },
            Status = new V1NodeStatus
            {
                Addresses = [new V1NodeAddress { Type = "ExternalIP", Address = "192.0.2.1" }],
                Conditions = [new V1NodeCondition { Type = "MemoryPressure", Status = "False" }, new V1NodeCondition { Type = "Ready", Status = "Unknown" }],
                Images = [new V1ContainerImage { Names = ["i"] }],
            },
        };
        var kept = ObjectWriter.Copy(node);

        CachedObjects.Trim(kept);

        Assert.Equal(MediaAddress.Of(new NetworkSpec(), Pod(), node, null), MediaAddress.Of(new NetworkSpec(), Pod(), kept, null));
        Assert.Equal("Unknown", Assert.Single(kept.Status.Conditions).Status);
        Assert.True(kept.Spec.Unschedulable);
        Assert.Equal("k", Assert.Single(kept.Spec.Taints).Key);
        Assert.Null(kept.Status.Images);
    }

    [Fact]
    public void What_kubectl_and_the_server_keep_for_themselves_is_left_away_and_nothing_else()
    {
        var room = new ConferenceRoom
        {
            Metadata = new()
            {
                Name = "room",
                ManagedFields = [new V1ManagedFieldsEntry { Manager = "kubectl" }],
                Annotations = new Dictionary<string, string> { ["kubectl.kubernetes.io/last-applied-configuration"] = "{}", ["mine"] = "1" },
            },
        };

        ObjectTrim.Metadata(room);

        Assert.Null(room.Metadata.ManagedFields);
        Assert.Equal(["mine"], room.Metadata.Annotations.Keys);
    }

    private static V1Pod Pod()
    {
        var cluster = new SfuCluster
        {
            Metadata = new() { Name = "fleet", NamespaceProperty = "ns", Uid = "u" },
            Spec = new SfuClusterSpec { Region = "r", ApiKeysSecretRef = new() { Name = "keys" }, Redis = new() { Addresses = ["redis:6379"] } },
        };
        var pod = PodBuilder.Build(cluster, new InstanceRequest("fleet-1", "revision", "image", 31000));
        pod.Metadata.Uid = "p";
        pod.Metadata.CreationTimestamp = At;
        pod.Spec.NodeName = "node-1";
        pod.Spec.Containers.Insert(0, new V1Container { Name = "beside", Ports = [new V1ContainerPort { Name = "media-udp", ContainerPort = 1, HostPort = 1 }] });
        return pod;
    }

    private static Planning.Model.InstanceObservation Observed(V1Pod pod) => ObservedPod.Of(pod, null, ProbeRecord.None, 1, false, false, false).Observation;
}
