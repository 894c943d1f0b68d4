using System.ComponentModel;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api;

/// <summary>What a fleet should be. Initial values are the defaults of the schema.</summary>
public sealed record SfuClusterSpec
{
    [Required]
    [Description("Name of the region the fleet serves, for example us-east-1. Cannot be changed.")]
    [TextPattern(Patterns.DnsLabel, Patterns.DnsLabelExpected)]
    [TextLength(1, 63)]
    [CelRule("self == oldSelf", "region cannot be changed; make a new SfuCluster for the other region")]
    public string Region { get; init; } = string.Empty;

    [Description("Where the fleet stands, used to choose a region near a caller.")]
    public GeoSpec? Geo { get; init; }

    [Description("How many pods the fleet may have.")]
    public ReplicasSpec Replicas { get; init; } = new();

    [Description("Freezes the fleet's pods: none is created, drained, replaced or removed while true. Rooms go on: those of a pod that dies are placed on the others, and status is still reported.")]
    public bool Paused { get; init; }

    [Description("What one pod can carry. Load is measured as a share of it.")]
    public CapacitySpec Capacity { get; init; } = new();

    [Description("How the number of pods follows the load.")]
    public AutoscalingSpec Autoscaling { get; init; } = new();

    [Description("How a pod is emptied before it is removed.")]
    public DrainSpec Drain { get; init; } = new();

    [Description("How a changed specification reaches the fleet.")]
    public RolloutSpec Rollout { get; init; } = new();

    [Description("How clients reach the pods.")]
    public NetworkSpec Network { get; init; } = new();

    [Description("TURN server for clients behind firewalls that let only TLS out.")]
    public TurnSpec? Turn { get; init; }

    [Required]
    [Description("Redis of the region: heartbeats, room routes and presence.")]
    public RedisSpec Redis { get; init; } = new();

    [Required]
    [Description("Secret with the API keys that sign join tokens: one entry per key, the key's name mapping to its secret.")]
    public SecretReference ApiKeysSecretRef { get; init; } = new();

    [Description("Creates rooms that somebody asks a pod for and that do not exist. Left out, such rooms are refused.")]
    public AutoCreateSpec? AutoCreate { get; init; }

    [Description("Image of the SFU node. Left out, the operator uses the image of its own release.")]
    [TextLength(1, 1024)]
    [TextPattern("^[^\\s]+$", "an image reference without spaces, such as ghcr.io/buildit/sfu-node:1.0")]
    public string? Image { get; init; }

    [Description("When the kubelet pulls the image.")]
    public ImagePullPolicy ImagePullPolicy { get; init; } = ImagePullPolicy.IfNotPresent;

    [Description("CPU and memory of one SFU pod.")]
    public PodResources Resources { get; init; } = new();

    [Description("Additions to the pods that the operator makes.")]
    public PodTemplateOverlay PodTemplate { get; init; } = new();

    [Description("What the fleet costs, for reports and for choosing among fleets.")]
    public CostSpec? Cost { get; init; }
}
