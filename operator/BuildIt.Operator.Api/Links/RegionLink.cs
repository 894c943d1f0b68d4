using System.ComponentModel;
using BuildIt.Operator.Api.Schema;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>Two fleets that may relay rooms to each other.</summary>
[KubernetesEntity(Group = SfuApi.Group, ApiVersion = SfuApi.Version, Kind = KindName, PluralName = Plural)]
[Description("RegionLink lets two fleets relay rooms to each other, and says what the path between them may carry and costs.")]
[ShortNames("link", "links")]
[PrinterColumn("A", "string", ".spec.a.clusterRef.name")]
[PrinterColumn("B", "string", ".spec.b.clusterRef.name")]
[PrinterColumn("Established", "string", ".status.conditions[?(@.type==\"Established\")].status")]
[PrinterColumn("Healthy", "string", ".status.conditions[?(@.type==\"Healthy\")].status")]
[PrinterColumn("RTT", "string", ".status.aToB.rtt")]
[PrinterColumn("Loss", "number", ".status.aToB.loss")]
[PrinterColumn("Relays", "integer", ".status.aToB.relays")]
[PrinterColumn("Reason", "string", ".status.conditions[?(@.type==\"Healthy\")].reason", 1)]
[PrinterColumn("Max", "string", ".spec.maxBandwidth", 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class RegionLink : IKubernetesObject<V1ObjectMeta>, ISpec<RegionLinkSpec>, IStatus<RegionLinkStatus?>
{
    public const string KindName = "RegionLink";
    public const string Plural = "regionlinks";

    public string ApiVersion { get; set; } = SfuApi.GroupVersion;

    public string Kind { get; set; } = KindName;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    [Description("The two fleets and the path between them.")]
    public RegionLinkSpec Spec { get; set; } = new();

    [Description("What probes of the path showed.")]
    public RegionLinkStatus? Status { get; set; }
}
