using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Revisions;

namespace BuildIt.Operator.Resources.Tests.Revisions;

public sealed class RevisionHashTests
{
    private static readonly string Before = RevisionHash.Of(Given.Cluster(), Given.Image);

    /// <summary>Changes that a running pod need not notice.</summary>
    public static TheoryData<string, SfuClusterSpec> Harmless
    {
        get
        {
            var spec = Given.Cluster().Spec;
            return new()
            {
                { "replicas", spec with { Replicas = new ReplicasSpec { Min = 3, Max = 30, Desired = 7 } } },
                { "paused", spec with { Paused = true } },
                { "autoscaling", spec with { Autoscaling = new AutoscalingSpec { TargetUtilization = 0.5, Warm = 2 } } },
                { "drain", spec with { Drain = new DrainSpec { Deadline = "1h" } } },
                { "rollout", spec with { Rollout = new RolloutSpec { MaxSurge = 3 } } },
                { "geo", spec with { Geo = new GeoSpec { Country = "US" } } },
                { "cost", spec with { Cost = new CostSpec { PodHour = 1 } } },
                { "the same capacity in other words", spec with { Capacity = new CapacitySpec() } },
            };
        }
    }

    /// <summary>Changes that take a new pod.</summary>
    public static TheoryData<string, SfuClusterSpec> Real
    {
        get
        {
            var spec = Given.Cluster().Spec;
            return new()
            {
                { "image", spec with { Image = "other:2" } },
                { "capacity", spec with { Capacity = new CapacitySpec { MaxRooms = 11 } } },
                { "port", spec with { Network = spec.Network with { UdpPort = 5000 } } },
                { "mode", spec with { Network = new NetworkSpec { Mode = NetworkMode.HostNetwork } } },
                { "redis", spec with { Redis = new RedisSpec { Addresses = ["other:6379"] } } },
                { "keys", spec with { ApiKeysSecretRef = new SecretReference { Name = "other" } } },
                { "turn", spec with { Turn = new TurnSpec { Domain = "turn.example.com", SecretRef = new SecretReference { Name = "t" } } } },
                { "auto-create", spec with { AutoCreate = new AutoCreateSpec { RoomApi = "http://room-api:9090" } } },
                { "label", spec with { PodTemplate = new PodTemplateOverlay { Labels = new Dictionary<string, string> { ["a"] = "b" } } } },
                { "selector", spec with { PodTemplate = new PodTemplateOverlay { NodeSelector = new Dictionary<string, string> { ["a"] = "b" } } } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Harmless))]
    public void What_needs_no_new_pod_keeps_the_revision(string change, SfuClusterSpec spec) =>
        Assert.True(RevisionHash.Of(Given.With(_ => spec), Given.Image) == Before, change);

    [Theory]
    [MemberData(nameof(Real))]
    public void What_needs_a_new_pod_changes_the_revision(string change, SfuClusterSpec spec) =>
        Assert.True(RevisionHash.Of(Given.With(_ => spec), Given.Image) != Before, change);

    [Fact]
    public void A_new_default_image_counts_only_where_none_is_named()
    {
        Assert.NotEqual(Before, RevisionHash.Of(Given.Cluster(), "buildit/sfu-node:1.1"));

        var named = Given.With(spec => spec with { Image = "own:1" });
        Assert.Equal(RevisionHash.Of(named, "a"), RevisionHash.Of(named, "b"));
    }

    [Fact]
    public void The_order_of_labels_does_not_matter()
    {
        Assert.Equal(Labelled("a", "b"), Labelled("b", "a"));

        static string Labelled(string first, string second) => RevisionHash.Of(
            Given.With(spec => spec with
            {
                PodTemplate = new PodTemplateOverlay { Labels = new Dictionary<string, string> { [first] = "1", [second] = "1" } },
            }),
            Given.Image);
    }

    [Fact]
    public void It_is_a_label_value() => Assert.Matches("^[a-z0-9]{8}$", Before);
}
