using System.ComponentModel;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>What probes of a link showed.</summary>
public sealed record RegionLinkStatus
{
    [Description("The generation of the specification that this status speaks of.")]
    public long ObservedGeneration { get; init; }

    [Description("The path from a to b.")]
    public LinkDirectionStatus? AToB { get; init; }

    [Description("The path from b to a.")]
    public LinkDirectionStatus? BToA { get; init; }

    [Description("Conditions Established, Healthy.")]
    [ListMap("type")]
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>Types of a RegionLink's conditions.</summary>
public static class RegionLinkConditions
{
    public const string Established = "Established";
    public const string Healthy = "Healthy";
}

/// <summary>One direction of a link.</summary>
public sealed record LinkDirectionStatus
{
    [Description("Round trip time.")]
    public KubeDuration? Rtt { get; init; }

    [Description("Variation of the delay.")]
    public KubeDuration? Jitter { get; init; }

    [Description("Share of packets lost, from 0 to 1.")]
    [Bounds(0, 1)]
    public double? Loss { get; init; }

    [Description("What relays send now.")]
    public Bandwidth? Bandwidth { get; init; }

    [Description("What the path is estimated to carry. Absent while too little is sent to tell.")]
    public Bandwidth? Capacity { get; init; }

    [Description("Rooms relayed now.")]
    public int Relays { get; init; }

    [Description("When the path was last probed.")]
    public DateTime? LastProbe { get; init; }
}
