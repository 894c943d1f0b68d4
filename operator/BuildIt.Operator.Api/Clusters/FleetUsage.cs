using System.ComponentModel;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api;

/// <summary>How long pods of a fleet have run.</summary>
public sealed record FleetUsage
{
    [Description("Until when it is counted.")]
    public DateTime AsOf { get; init; }

    [Description("Pods that ran then.")]
    public int Pods { get; init; }

    [Description("The last 35 days on which pods ran, in UTC.")]
    [ListMap("day")]
    [Items(0, 35)]
    public IReadOnlyList<FleetDay> Days { get; init; } = [];
}

/// <summary>One day of a fleet.</summary>
public sealed record FleetDay
{
    [Required]
    [Description("The day in UTC, as 2027-01-31.")]
    [TextLength(10, 10)]
    public string Day { get; init; } = string.Empty;

    [Description("Time that pods ran, added up, in seconds.")]
    public double PodSeconds { get; init; }
}
