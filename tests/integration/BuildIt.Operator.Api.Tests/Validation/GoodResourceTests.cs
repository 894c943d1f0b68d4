using BuildIt.Operator.Api.Validation;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Validation;

public sealed class GoodResourceTests
{
    [Fact]
    public void A_cluster_with_only_what_is_required_is_valid() => Assert.Empty(ResourceValidator.Validate(Cluster()));

    [Fact]
    public void A_cluster_that_sets_everything_is_valid() => Assert.Empty(ResourceValidator.Validate(Cluster(s => s with
    {
        Geo = new GeoSpec { Continent = Continent.NA, Country = "US", Latitude = 39.0, Longitude = -77.5 },
        Replicas = new ReplicasSpec { Min = 0, Max = 100, Desired = 7 },
        Autoscaling = new AutoscalingSpec
        {
            Metrics = [LoadMetric.Cpu, LoadMetric.Egress],
            Warm = "10%",
            Schedules = [new ScheduleSpec { Cron = "0 8 * * MON-FRI", Timezone = "Europe/Lisbon", Min = 10 }, new ScheduleSpec { Cron = "*/15 0,12 1-5 JAN 0", Min = 0 }],
        },
        Rollout = new RolloutSpec { MaxSurge = 2, Canary = new CanarySpec() },
        Network = new NetworkSpec { Advertise = AdvertiseSource.Static, StaticAddress = "2001:db8::7", SignalHost = "sfu.example.com", TlsSecretRef = new SecretReference { Name = "tls" } },
        Turn = new TurnSpec { Domain = "turn.example.com", SecretRef = new SecretReference { Name = "turn" } },
        Image = "ghcr.io/buildit/sfu-node:1.0",
        PodTemplate = new PodTemplateOverlay
        {
            Labels = new Dictionary<string, string> { ["team"] = "media" },
            Tolerations = [new V1Toleration { Key = "sfu", OperatorProperty = "Exists" }],
            ExtraContainers = [new V1Container { Name = "exporter", Image = "exporter:1" }],
        },
        Cost = new CostSpec { PodHour = 0.2, EgressGigabyte = 0.05 },
    })));

    [Fact]
    public void A_load_balancer_advertises_its_own_address_unless_told_otherwise()
    {
        var cluster = Cluster(s => s with { Network = new NetworkSpec { Mode = NetworkMode.LoadBalancer } });

        Assert.Empty(ResourceValidator.Validate(cluster));
        Assert.Equal(AdvertiseSource.LoadBalancer, cluster.Spec.Network.EffectiveAdvertise);
    }

    [Theory]
    [InlineData("main-x7f-abc", null, true)]
    [InlineData("Not a pod", null, false)]
    [InlineData("", null, false)]
    [InlineData("Not a pod", "Not a pod", true)]
    public void A_wish_to_move_names_a_pod_and_one_that_is_there_already_keeps_nobody_from_editing(string wish, string? before, bool good)
    {
        var faults = ResourceValidator.Validate(Room(wish), before is null ? null : Room(before));

        Assert.Equal(good ? [] : ["metadata.annotations[sfu.buildit.network/move-to]: must be the name of a pod"], faults.Select(f => f.ToString()));
    }

    private static ConferenceRoom Room(string wish) => new()
    {
        Metadata = new V1ObjectMeta { Name = "room", Annotations = new Dictionary<string, string> { [SfuApi.MoveTo] = wish } },
    };

    [Fact]
    public void The_region_cannot_be_changed()
    {
        var faults = ResourceValidator.Validate(Cluster(s => s with { Region = "eu-west-1" }), Cluster());

        Assert.Equal(["spec.region: cannot be changed from \"us-east-1\"; make a new SfuCluster for the other region"], faults.Select(f => f.ToString()));
    }

    [Fact]
    public void An_expired_room_can_still_be_updated()
    {
        var room = new ConferenceRoom { Metadata = new V1ObjectMeta { Name = "r" }, Spec = new ConferenceRoomSpec { ExpiresAt = DateTime.UnixEpoch } };

        Assert.NotEmpty(ResourceValidator.Validate(room, now: DateTimeOffset.UnixEpoch.AddDays(1)));
        Assert.Empty(ResourceValidator.Validate(room, room, DateTimeOffset.UnixEpoch.AddDays(1)));
    }

    [Fact]
    public void A_default_link_and_a_default_room_are_valid()
    {
        var link = new RegionLink
        {
            Metadata = new V1ObjectMeta { Name = "l" },
            Spec = new RegionLinkSpec
            {
                A = new LinkEnd { ClusterRef = new ClusterReference { Name = "east" } },
                B = new LinkEnd { ClusterRef = new ClusterReference { Name = "west" } },
            },
        };

        Assert.Empty(ResourceValidator.Validate(link));
        Assert.Empty(ResourceValidator.Validate(new ConferenceRoom { Metadata = new V1ObjectMeta { Name = "r" } }));
    }

    internal static SfuCluster Cluster(Func<SfuClusterSpec, SfuClusterSpec>? change = null)
    {
        var spec = new SfuClusterSpec
        {
            Region = "us-east-1",
            Redis = new RedisSpec { Addresses = ["redis:6379"] },
            ApiKeysSecretRef = new SecretReference { Name = "keys" },
        };
        return new SfuCluster { Metadata = new V1ObjectMeta { Name = "fleet", NamespaceProperty = "media" }, Spec = change?.Invoke(spec) ?? spec };
    }
}
