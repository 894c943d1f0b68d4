using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Tests.Harness;
using k8s;

namespace BuildIt.Operator.Tests.Links;

/// <summary>What a RegionLink shows of the path between two fleets, and what it makes their nodes do.</summary>
public sealed class RegionLinkTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_link_has_a_node_on_each_side_measure_the_path_and_says_how_it_is()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu");

        var status = await world.LinkIsAsync("us-eu", "is healthy and measured", s => Is(s, "Established", "True") && Is(s, "Healthy", "True") && s.AToB?.Rtt is not null && s.BToA?.Rtt is not null);

        Assert.Equal("80ms", status.AToB!.Rtt!.Value.Text);
        Assert.Equal("100Mbps", status.BToA!.Capacity!.Value.Text);
        Assert.Equal(0, status.AToB.Loss);
        await world.Fleet.ToldAsync("Healthy", "the round trip takes 80 ms");
        var nodes = world.Fleet.Kubelet.Running.Values.ToDictionary(node => node.Cluster);
        var (us, eu) = (Assert.Single(nodes["us"].Ordered.Links), Assert.Single(nodes["eu"].Ordered.Links));
        Assert.Equal((nodes["eu"].Name, "eu", true), (us.Peer.Value, us.Cluster, us.Opens));
        Assert.Equal((nodes["us"].Name, "us", false), (eu.Peer.Value, eu.Cluster, eu.Opens));
        Assert.Equal($"{nodes["eu"].Ip}:7884", us.Relay);
    }

    [Fact]
    public async Task A_path_that_is_cut_is_told_at_once_and_one_that_comes_back_after_a_while()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu");
        await world.LinkIsAsync("us-eu", "is healthy", s => Is(s, "Healthy", "True"));

        world.CutPath("us", "eu", true);
        await world.LinkIsAsync("us-eu", "is broken", s => Is(s, "Healthy", "False") && Is(s, "Established", "False"));
        await world.Fleet.ToldAsync("Broken", "do not hear each other");

        world.CutPath("us", "eu", false);
        await world.LinkIsAsync("us-eu", "is healthy again", s => Is(s, "Healthy", "True") && Is(s, "Established", "True"));
    }

    [Fact]
    public async Task Fleets_believe_each_others_certificates_while_they_are_linked_and_not_after()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu");

        await Eventually.TrueAsync(async () => await BelievesAsync("us", "eu") && await BelievesAsync("eu", "us"), "both believe each other", world.Fleet.DescribeAsync);

        // A change of the pod makes its kubelet bring the changed Secret at once.
        await Eventually.TrueAsync(async () => (await MarksAsync()).All(mark => mark is not null), "every pod is marked", world.Fleet.DescribeAsync);

        await world.UnlinkAsync("us-eu");
        await Eventually.TrueAsync(async () => (await MarksAsync()).All(mark => mark is null), "no pod is marked any more", world.Fleet.DescribeAsync);
        await Eventually.TrueAsync(async () => !await BelievesAsync("us", "eu") && !await BelievesAsync("eu", "us"), "neither believes the other any more", world.Fleet.DescribeAsync);
        await NoNodeKeepsItAsync(world);

        async Task<IReadOnlyList<string?>> MarksAsync() =>
            [.. (await world.Fleet.Client.CoreV1.ListNamespacedPodAsync(world.Fleet.Namespace)).Items.Select(pod => pod.Metadata.Annotations?.TryGetValue(PodAnnotations.LinkedAuthorities, out var mark) == true ? mark : null)];

        Task<bool> BelievesAsync(string one, string other) => RegionLinkTests.BelievesAsync(world, one, other);
    }

    /// <summary>The webhook refuses such a link; this is one that came while it was away, so that the API server took it.</summary>
    [Fact]
    public async Task A_link_to_a_fleet_of_another_operator_joins_nothing_and_says_what_to_do()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu");
        await world.LinkIsAsync("us-eu", "is healthy", s => Is(s, "Healthy", "True"));

        await world.PatchLinkAsync("us-eu", """{"b":{"clusterRef":null,"remote":{"endpoint":"sfu.example.com:7884","secretRef":{"name":"s"},"caRef":{"name":"c"}}}}""");

        var status = await world.LinkIsAsync("us-eu", "joins nothing", s => Is(s, "Established", "False") && Is(s, "Healthy", "False"));
        Assert.All(status.Conditions, condition => Assert.Equal(
            ("InvalidSpec", "spec.b.remote: fleets that another operator runs cannot be linked yet; name an SfuCluster of this namespace with clusterRef"),
            (condition.Reason, condition.Message)));
        Assert.Null(status.AToB);
        await world.Fleet.ToldAsync("InvalidSpec", "name an SfuCluster of this namespace with clusterRef");
        await NoNodeKeepsItAsync(world);
        await Eventually.TrueAsync(
            async () => !await BelievesAsync(world, "us", "eu") && !await BelievesAsync(world, "eu", "us"), "neither believes the other any more", world.Fleet.DescribeAsync);
    }

    [Fact]
    public async Task A_link_to_a_fleet_that_is_not_there_says_so_and_begins_when_it_is()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us");
        await world.LinkAsync("us", "eu");

        var apart = await world.LinkIsAsync("us-eu", "misses a fleet", s => Is(s, "Established", "False"));
        Assert.Contains(apart.Conditions, condition => condition is { Reason: "ClusterMissing", Message: "there is no SfuCluster eu in this namespace" });

        await world.Fleet.CreateFleetAsync(spec => { spec["region"] = "eu"; spec["replicas"] = new System.Text.Json.Nodes.JsonObject { ["min"] = 1, ["max"] = 1 }; }, "eu");
        await world.LinkIsAsync("us-eu", "is healthy", s => Is(s, "Healthy", "True"));
    }

    [Fact]
    public async Task A_second_link_between_the_same_fleets_waits_until_the_first_is_gone_and_says_so()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "eu", "us");
        await world.LinkIsAsync("eu-us", "is healthy", s => Is(s, "Healthy", "True"));
        await world.LinkAsync("us", "eu");

        var second = await world.LinkIsAsync("us-eu", "is not used", s => Is(s, "Established", "False"));
        Assert.All(second.Conditions, condition => Assert.Equal(("AlreadyLinked", "us and eu are linked by eu-us; delete one of the two"), (condition.Reason, condition.Message)));
        Assert.Null(second.AToB);
        await world.Fleet.ToldAsync("AlreadyLinked", "delete one of the two");
        await world.LinkIsAsync("eu-us", "is as it was", s => Is(s, "Established", "True") && Is(s, "Healthy", "True"));

        await world.UnlinkAsync("eu-us");
        await world.LinkIsAsync("us-eu", "takes its place", s => Is(s, "Healthy", "True"));
    }

    [Fact]
    public async Task A_status_is_not_written_while_nothing_changes()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu");
        await world.LinkIsAsync("us-eu", "is measured", s => Is(s, "Healthy", "True") && s.AToB?.Rtt is not null && s.BToA?.Rtt is not null);
        var version = await VersionAsync();

        await Eventually.StaysTrueAsync(async () => await VersionAsync() == version, TimeSpan.FromSeconds(4), "nothing is written");

        async Task<string> VersionAsync() => (await world.Fleet.Api.GetAsync<RegionLink>(world.Fleet.Namespace, "us-eu", CancellationToken.None))!.Metadata.ResourceVersion;
    }

    [Fact]
    public async Task What_a_link_may_carry_is_divided_among_the_pods_that_send_over_it()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 2, "us", "eu");
        await world.LinkIsAsync("us-eu", "is healthy", s => Is(s, "Healthy", "True"));
        await world.PatchLinkAsync("us-eu", """{"maxBandwidth":"10Mbps"}""");
        var us = world.Fleet.Kubelet.Running.Values.Where(node => node.Cluster == "us").ToArray();
        var (first, second) = (us[0], us[1]);
        first.Wanted["eu"] = 20_000_000;
        await AllowedAsync(10_000_000, null);

        second.Wanted["eu"] = 20_000_000;
        await AllowedAsync(5_000_000, 5_000_000);

        // Nobody is told twice what they know.
        var calm = (first.TimesOrdered, second.TimesOrdered);
        second.Wanted["eu"] = 19_000_000;
        await Eventually.StaysTrueAsync(() => Task.FromResult((first.TimesOrdered, second.TimesOrdered) == calm), TimeSpan.FromSeconds(4), "nobody is told anything");

        // Its rooms have gone: it is not counted any more.
        second.Wanted.Clear();
        await AllowedAsync(10_000_000, null);

        await world.PatchLinkAsync("us-eu", """{"maxBandwidth":null}""");
        await AllowedAsync(0, null);

        Task AllowedAsync(long one, long? other) => Eventually.TrueAsync(
            () => (first.AllowedTo("eu"), second.AllowedTo("eu")) == (one, other), $"they may send {one} and {other}", world.Fleet.DescribeAsync);
    }

    private static Task NoNodeKeepsItAsync(CascadeWorld world) => Eventually.TrueAsync(
        () => world.Fleet.Kubelet.Running.Values.All(node => node.Ordered.Links.Count == 0), "no node keeps the link", world.Fleet.DescribeAsync);

    private static async Task<bool> BelievesAsync(CascadeWorld world, string one, string other)
    {
        var node = await world.Fleet.Client.CoreV1.ReadNamespacedSecretAsync(ResourceNames.ControlNodeSecret(one), world.Fleet.Namespace);
        var authority = await world.Fleet.Client.CoreV1.ReadNamespacedSecretAsync(ResourceNames.ControlAuthoritySecret(other), world.Fleet.Namespace);
        return ControlCertificates.Believes(node, authority);
    }

    private static bool Is(RegionLinkStatus status, string type, string value) => status.Conditions.Any(condition => condition.Type == type && condition.Status == value);
}
