using System.ComponentModel;
using BuildIt.Operator.Api.Schema;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>CPU and memory of one SFU pod.</summary>
public sealed record PodResources
{
    [Description("What the scheduler reserves.")]
    [Items(0, 16)]
    public IDictionary<string, ResourceQuantity> Requests { get; init; } = Quantities("2", "4Gi");

    [Description("What the pod may use at most.")]
    [Items(0, 16)]
    public IDictionary<string, ResourceQuantity> Limits { get; init; } = Quantities("4", "8Gi");

    private static Dictionary<string, ResourceQuantity> Quantities(string cpu, string memory) => new(StringComparer.Ordinal)
    {
        ["cpu"] = new ResourceQuantity(cpu),
        ["memory"] = new ResourceQuantity(memory),
    };
}

/// <summary>Additions to the pods that the operator makes. What the operator sets itself cannot be replaced here.</summary>
public sealed record PodTemplateOverlay
{
    [Description("Labels added to the pods. Keys of the group sfu.buildit.network are the operator's own.")]
    [Items(0, 64)]
    public IDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    [Description("Annotations added to the pods.")]
    [Items(0, 64)]
    public IDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    [Description("Labels that a Kubernetes node must have.")]
    [Items(0, 64)]
    public IDictionary<string, string> NodeSelector { get; init; } = new Dictionary<string, string>();

    [Description("Taints of Kubernetes nodes that the pods accept.")]
    [Items(0, 64)]
    public IReadOnlyList<V1Toleration> Tolerations { get; init; } = [];

    [Description("Affinity of the pods.")]
    public V1Affinity? Affinity { get; init; }

    [Description("How the pods spread over failure domains. Left out, they spread over zones and Kubernetes nodes where that is possible.")]
    [Items(0, 16)]
    public IReadOnlyList<V1TopologySpreadConstraint> TopologySpreadConstraints { get; init; } = [];

    [Description("Environment variables added to the SFU container.")]
    [Items(0, 128)]
    [ListMap("name")]
    public IReadOnlyList<V1EnvVar> Env { get; init; } = [];

    [Description("Containers that run beside the SFU.")]
    [Items(0, 8)]
    [ListMap("name")]
    public IReadOnlyList<V1Container> ExtraContainers { get; init; } = [];

    [Description("Secrets for pulling images.")]
    [Items(0, 16)]
    public IReadOnlyList<SecretReference> ImagePullSecrets { get; init; } = [];

    [Description("Priority class of the pods.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string? PriorityClassName { get; init; }

    [Description("Service account of the pods. They get no token of it. Left out, the namespace's default.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string? ServiceAccountName { get; init; }
}
