using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>What the operator keeps of objects, and that those in the API server lose nothing by it.</summary>
public sealed class CachedObjectsTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    [Fact]
    public async Task What_nobody_reads_is_not_kept_and_stays_in_the_api_server()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room");
        await world.AnnotateAsync("room", LastApplied, "{}");
        world.People["room"] = 3;
        await world.UntilAsync("room", "counts people, from what is kept of it", status => status.Participants == 3);

        var kept = Cache<ConferenceRoom>(world).Find(new ObjectKey(world.Fleet.Namespace, "room"))!;
        Assert.Null(kept.Metadata.ManagedFields);
        Assert.DoesNotContain(LastApplied, kept.Metadata.Annotations?.Keys ?? []);
        var room = (await world.ReadAsync("room"))!;
        Assert.Equal("{}", room.Metadata.Annotations[LastApplied]);
        Assert.True(room.Metadata.ManagedFields.Count >= 2, JsonSerializer.Serialize(room.Metadata.ManagedFields));

        var pod = Assert.Single(Cache<V1Pod>(world).List());
        var live = await world.Fleet.Client.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, world.Fleet.Namespace);
        Assert.Null(pod.Metadata.ManagedFields);
        Assert.Null(pod.Spec.Volumes);
        Assert.All(pod.Spec.Containers, container => Assert.Null(container.Image));
        Assert.All(pod.Status.ContainerStatuses, container => Assert.Null(container.ImageID));
        Assert.Equal(
            live.Spec.Containers[0].Ports.Select(port => (port.Name, port.ContainerPort, port.HostPort)),
            pod.Spec.Containers[0].Ports.Select(port => (port.Name, port.ContainerPort, port.HostPort)));
        Assert.Equal((live.Spec.NodeName, live.Status.PodIP, live.Status.Phase), (pod.Spec.NodeName, pod.Status.PodIP, pod.Status.Phase));
        Assert.NotEmpty(live.Metadata.ManagedFields);
        Assert.NotEmpty(live.Spec.Volumes);
    }

    private static IObjectCache<T> Cache<T>(RoomWorld world)
        where T : class, IKubernetesObject<V1ObjectMeta> => world.Fleet.Operator.GetRequiredService<IObjectCache<T>>();
}
