using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>What a fleet is, as the operator last saw it.</summary>
public sealed record SfuClusterStatus
{
    [Description("The generation of the specification that this status speaks of.")]
    public long ObservedGeneration { get; init; }

    [Description("Pods that exist and are not draining.")]
    public int Replicas { get; init; }

    [Description("Pods that accept rooms.")]
    public int ReadyReplicas { get; init; }

    [Description("Pods that are being emptied.")]
    public int DrainingReplicas { get; init; }

    [Description("Pods that the plan wants.")]
    public int DesiredReplicas { get; init; }

    [Description("Revision of the specification that new pods are made from.")]
    public string? Revision { get; init; }

    [Description("Image that new pods are made from where spec.image is left out. Fleets take a new one in turn.")]
    public string? Image { get; init; }

    [Description("Label selector of the fleet's pods, as text, for the scale subresource.")]
    public string? Selector { get; init; }

    [Description("Load of the whole fleet.")]
    public FleetLoad? Load { get; init; }

    [Description("Every pod of the fleet.")]
    [ListMap("name")]
    public IReadOnlyList<InstanceStatus> Instances { get; init; } = [];

    [Description("How long its pods have run, for cost.")]
    public FleetUsage? Usage { get; init; }

    [Description("Conditions Available, Progressing, Degraded, ScalingLimited, Paused.")]
    [ListMap("type")]
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>Types of an SfuCluster's conditions.</summary>
public static class SfuClusterConditions
{
    public const string Available = "Available";
    public const string Progressing = "Progressing";
    public const string Degraded = "Degraded";
    public const string ScalingLimited = "ScalingLimited";
    public const string Paused = "Paused";

    /// <summary>Only of fleets that name a TURN server.</summary>
    public const string TurnReachable = "TurnReachable";
}

/// <summary>Load of a fleet: sums, and the share of capacity in use. Shares are rounded to whole percents, so that a quiet fleet causes no writes.</summary>
public sealed record FleetLoad
{
    [Description("The highest measure in words, for example 42% egress.")]
    public string? Summary { get; init; }

    [Description("The measure that is highest.")]
    public LoadMetric? Metric { get; init; }

    [Description("Share of capacity in use by that measure, in percent.")]
    public int UtilizationPercent { get; init; }

    [Description("Rooms.")]
    public int Rooms { get; init; }

    [Description("Participants.")]
    public int Participants { get; init; }

    [Description("Participants that send media.")]
    public int Publishers { get; init; }

    [Description("Participants that receive media.")]
    public int Subscribers { get; init; }
}

/// <summary>Where an SFU instance is in its life.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InstanceState>))]
public enum InstanceState
{
    /// <summary>The pod exists; the node does not report yet.</summary>
    Starting,

    /// <summary>The node accepts rooms.</summary>
    Ready,

    /// <summary>The node accepts no new rooms and is being emptied.</summary>
    Draining,

    /// <summary>One of the two witnesses (heartbeat, probe) misses the node.</summary>
    Suspect,

    /// <summary>Both witnesses miss the node, or Kubernetes says that the pod is gone.</summary>
    Dead,

    /// <summary>The pod is being deleted.</summary>
    Terminating,
}

/// <summary>One pod of a fleet.</summary>
public sealed record InstanceStatus
{
    [Required]
    [Description("Name of the instance and of its pod.")]
    public string Name { get; init; } = string.Empty;

    [Description("Where the instance is in its life.")]
    public InstanceState State { get; init; }

    [Description("Address and port that clients send media to.")]
    public string? Endpoint { get; init; }

    [Description("Revision of the specification that the pod was made from.")]
    public string? Revision { get; init; }

    [Description("Share of capacity in use, in percent.")]
    public int LoadPercent { get; init; }

    [Description("Rooms on the instance.")]
    public int Rooms { get; init; }

    [Description("Participants on the instance.")]
    public int Participants { get; init; }

    [Description("When the drain began.")]
    public DateTime? DrainingSince { get; init; }

    [Description("Why the instance is in this state, in words.")]
    public string? Reason { get; init; }
}
