using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>One fleet of SFU pods in one region.</summary>
[KubernetesEntity(Group = SfuApi.Group, ApiVersion = SfuApi.Version, Kind = KindName, PluralName = Plural)]
[Description("SfuCluster is one fleet of SFU media servers in one region. The operator creates, drains and replaces its pods so that the fleet follows its load.")]
[ShortNames("sfu")]
[ScaleSubresource(".spec.replicas.desired", ".status.replicas", ".status.selector")]
[PrinterColumn("Region", "string", ".spec.region")]
[PrinterColumn("Ready", "integer", ".status.readyReplicas")]
[PrinterColumn("Desired", "integer", ".status.desiredReplicas")]
[PrinterColumn("Draining", "integer", ".status.drainingReplicas")]
[PrinterColumn("Load", "string", ".status.load.summary")]
[PrinterColumn("Available", "string", ".status.conditions[?(@.type==\"Available\")].status")]
[PrinterColumn("Rooms", "integer", ".status.load.rooms", 1)]
[PrinterColumn("Participants", "integer", ".status.load.participants", 1)]
[PrinterColumn("Revision", "string", ".status.revision", 1)]
[PrinterColumn("Min", "integer", ".spec.replicas.min", 1)]
[PrinterColumn("Max", "integer", ".spec.replicas.max", 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class SfuCluster : IKubernetesObject<V1ObjectMeta>, ISpec<SfuClusterSpec>, IStatus<SfuClusterStatus?>
{
    public const string KindName = "SfuCluster";
    public const string Plural = "sfuclusters";

    public string ApiVersion { get; set; } = SfuApi.GroupVersion;

    public string Kind { get; set; } = KindName;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    [Description("What the fleet should be.")]
    public SfuClusterSpec Spec { get; set; } = new();

    [Description("What the fleet is, as the operator last saw it.")]
    public SfuClusterStatus? Status { get; set; }
}
