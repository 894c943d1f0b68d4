using BuildIt.Operator.Api;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>A new release reaches one fleet after the other.</summary>
public sealed class FleetTurnTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    private static readonly string[] Fleets = ["alpha", "beta", "gamma"];

    [Fact]
    public async Task Fleets_take_a_new_default_image_in_turn_and_one_that_names_its_own_does_not()
    {
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis);
        await world.StartOperatorAsync(settings: Settings(world, "old"));
        foreach (var fleet in Fleets)
        {
            await world.CreateFleetAsync(name: fleet);
        }

        await world.CreateFleetAsync(spec => spec["image"] = "registry.example.com/sfu-node:own", "own");
        await world.PatchFleetAsync($$"""{"metadata":{"annotations":{"{{SfuApi.RolloutOrder}}":"-1"} } }""", "gamma");
        foreach (var fleet in Fleets.Append("own"))
        {
            await SettledAsync(world, fleet, fleet == "own" ? "own" : "old");
        }

        var own = (await PodsOfAsync(world, "own")).Select(pod => pod.Uid()).ToList();
        await world.StopOperatorAsync();
        await world.StartOperatorAsync(settings: Settings(world, "new"));

        // Whoever has pods of the new image while another that is not done has some as well breaks the order.
        var begun = new List<string>();
        var mixed = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                var pods = await world.PodsAsync();
                var rolling = Fleets.Where(fleet => pods.Any(pod => Is(pod, fleet, "new"))).ToList();
                begun.AddRange(rolling.Except(begun));
                if (rolling.Count(fleet => pods.Any(pod => Is(pod, fleet, "old"))) > 1)
                {
                    mixed.Add(string.Join(' ', rolling));
                }

                return rolling.Count == Fleets.Length && !pods.Any(pod => Fleets.Any(fleet => Is(pod, fleet, "old")));
            },
            "all fleets have the new image",
            world.DescribeAsync);
        Assert.Equal(["gamma", "alpha", "beta"], begun);
        Assert.Empty(mixed);
        Assert.Equal(own, (await PodsOfAsync(world, "own")).Select(pod => pod.Uid()));
    }

    private static OperatorSettings Settings(FleetWorld world, string tag) => new()
    {
        Namespace = world.Namespace,
        WatchNamespace = world.Namespace,
        NodeImage = $"registry.example.com/sfu-node:{tag}",
        HttpPort = 0,
        RolloutPause = TimeSpan.FromSeconds(1),
    };

    private static Task SettledAsync(FleetWorld world, string fleet, string tag) => Eventually.TrueAsync(
        async () => await world.StatusAsync(fleet) is { ReadyReplicas: 2, Instances.Count: 2 } status
            && status.Conditions.Any(condition => condition is { Type: SfuClusterConditions.Progressing, Status: "False" })
            && (await PodsOfAsync(world, fleet)).All(pod => Is(pod, fleet, tag)),
        $"{fleet} is settled",
        world.DescribeAsync);

    private static async Task<IReadOnlyList<V1Pod>> PodsOfAsync(FleetWorld world, string fleet) =>
        [.. (await world.PodsAsync()).Where(pod => pod.Metadata.Labels[SfuApi.ClusterLabel] == fleet)];

    private static bool Is(V1Pod pod, string fleet, string tag) =>
        pod.Metadata.Labels[SfuApi.ClusterLabel] == fleet && pod.Spec.Containers[0].Image.EndsWith($":{tag}", StringComparison.Ordinal);
}
