using System.ComponentModel;
using BuildIt.Operator.Api.Schema;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>One conference.</summary>
[KubernetesEntity(Group = SfuApi.Group, ApiVersion = SfuApi.Version, Kind = KindName, PluralName = Plural)]
[Description("ConferenceRoom is one end-to-end encrypted conference. The operator places it on one or more SFU pods and moves it when they go.")]
[ShortNames("room", "rooms")]
[PrinterColumn("Phase", "string", ".status.phase")]
[PrinterColumn("Region", "string", ".status.assignments[?(@.role==\"Origin\")].region")]
[PrinterColumn("Cluster", "string", ".status.assignments[?(@.role==\"Origin\")].cluster", 1)]
[PrinterColumn("Instance", "string", ".status.assignments[?(@.role==\"Origin\")].instance")]
[PrinterColumn("Participants", "integer", ".status.participants")]
[PrinterColumn("Cascaded", "string", ".status.conditions[?(@.type==\"Cascaded\")].status")]
[PrinterColumn("Max", "integer", ".spec.maxParticipants", 1)]
[PrinterColumn("Generation", "integer", ".status.generation", 1)]
[PrinterColumn("Failovers", "integer", ".status.failovers", 1)]
// A date column shows how long ago something was; what lies ahead would be "<invalid>".
[PrinterColumn("Expires", "string", ".spec.expiresAt", 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class ConferenceRoom : IKubernetesObject<V1ObjectMeta>, ISpec<ConferenceRoomSpec>, IStatus<ConferenceRoomStatus?>
{
    public const string KindName = "ConferenceRoom";
    public const string Plural = "conferencerooms";

    public string ApiVersion { get; set; } = SfuApi.GroupVersion;

    public string Kind { get; set; } = KindName;

    public V1ObjectMeta Metadata { get; set; } = new();

    [Required]
    [Description("What the conference should be.")]
    public ConferenceRoomSpec Spec { get; set; } = new();

    [Description("Where the conference runs and how it goes.")]
    public ConferenceRoomStatus? Status { get; set; }
}
