using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>Where a conference is in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoomPhase>))]
public enum RoomPhase
{
    Pending,
    Ready,
    Migrating,
    Recovering,

    /// <summary>Its pods died under it again and again, so it has none for a while.</summary>
    Quarantined,
    Ended,
}

/// <summary>Where a conference runs and how it goes.</summary>
public sealed record ConferenceRoomStatus
{
    [Description("The generation of the specification that this status speaks of.")]
    public long ObservedGeneration { get; init; }

    [Description("Pending, Ready, Migrating, Recovering, Quarantined or Ended.")]
    public RoomPhase Phase { get; init; }

    [Description("Number of the placement. It only grows; a node that knows a newer one gives the room up.")]
    public long Generation { get; init; }

    [Description("Number of the arrangement of pods within the generation.")]
    public long? Revision { get; init; }

    [Description("The pods that serve the room: a tree whose root is the origin.")]
    [ListMap("cluster", "instance")]
    public IReadOnlyList<RoomAssignment> Assignments { get; init; } = [];

    [Description("Participants now.")]
    public int Participants { get; init; }

    [Description("Participants that send media now.")]
    public int Publishers { get; init; }

    [Description("How often the room was moved because a pod died.")]
    public int Failovers { get; init; }

    [Description("When that happened last.")]
    public DateTime? LastFailover { get; init; }

    [Description("When pods died under the room, oldest first. Those of the last ten minutes count; the fifth puts it into quarantine.")]
    [Items(0, 16)]
    public IReadOnlyList<DateTime> RecentLosses { get; init; } = [];

    [Description("Until when the room gets no pod because its pods died under it again and again, or did not get one. The annotation sfu.buildit.network/released-at lifts it.")]
    public DateTime? QuarantinedUntil { get; init; }

    [Description("What the conference has used so far; final once it has ended.")]
    public ConferenceUsage? Usage { get; init; }

    [Description("When the conference ended.")]
    public DateTime? EndedAt { get; init; }

    [Description("When the object is deleted, by ttlAfterEnded. Absent when it is kept.")]
    public DateTime? DeletesAt { get; init; }

    [Description("Conditions Ready, Cascaded, EndToEndEncrypted, Quarantined.")]
    [ListMap("type")]
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>Types of a ConferenceRoom's conditions.</summary>
public static class ConferenceRoomConditions
{
    public const string Ready = "Ready";
    public const string Cascaded = "Cascaded";
    public const string EndToEndEncrypted = "EndToEndEncrypted";
    public const string Quarantined = "Quarantined";
}

/// <summary>What a pod does for a room.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AssignmentRole>))]
public enum AssignmentRole
{
    /// <summary>The root of the room's tree.</summary>
    Origin,

    /// <summary>A pod that relays for its parent.</summary>
    Edge,
}

/// <summary>One pod that serves a room.</summary>
public sealed record RoomAssignment
{
    [Required]
    [Description("Name of the SfuCluster.")]
    public string Cluster { get; init; } = string.Empty;

    [Required]
    [Description("Name of the SFU instance.")]
    public string Instance { get; init; } = string.Empty;

    [Description("Region of the fleet.")]
    public string? Region { get; init; }

    [Description("Origin or Edge.")]
    public AssignmentRole Role { get; init; }

    [Description("The instance that an edge takes the room from.")]
    public string? Parent { get; init; }

    [Description("Address at which other nodes reach the instance.")]
    public string? Endpoint { get; init; }

    [Description("Address and port at which the instance accepts links of other nodes.")]
    public string? Relay { get; init; }

    [Description("The same for nodes in other networks.")]
    public string? RelayOutside { get; init; }

    [Description("SHA-256 of the certificate that the instance shows on links.")]
    public string? RelayFingerprint { get; init; }

    [Description("The most that may be sent over the link to the parent in each direction. Absent for no limit.")]
    public Bandwidth? MaxLinkBandwidth { get; init; }

    [Description("Newcomers go to other pods of the room.")]
    public bool? Closed { get; init; }

    [Description("Participants on the instance now. Absent while it is the only one.")]
    public int? Participants { get; init; }

    [Description("When the instance was given the room.")]
    public DateTime? Since { get; init; }
}
