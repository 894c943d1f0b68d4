using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;

namespace BuildIt.Operator.Api;

/// <summary>What happens to the rooms of a pod that is to go.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainMode>))]
public enum DrainMode
{
    /// <summary>Rooms are moved to other pods with their participants.</summary>
    Migrate,

    /// <summary>Rooms end by themselves; the deadline moves the rest.</summary>
    Wait,
}

/// <summary>How a pod is emptied before it is removed.</summary>
[CelRule("self.mode != 'Wait' || duration(self.deadline) > duration('0s')", "deadline must be above 0s when mode is Wait")]
public sealed record DrainSpec
{
    [Description("Longest drain, for example 10m. Clients still connected then are asked to reconnect elsewhere, and the pod is removed.")]
    [DurationBounds("0s", "24h")]
    public KubeDuration Deadline { get; init; } = "10m";

    [Description("Migrate moves rooms to other pods at once; Wait lets them end by themselves until the deadline.")]
    public DrainMode Mode { get; init; } = DrainMode.Migrate;

    [Description("Most pods that drain at the same time.")]
    [Bounds(1, ReplicasSpec.Limit)]
    public int MaxConcurrent { get; init; } = 1;
}

/// <summary>How a changed specification reaches the fleet.</summary>
public sealed record RolloutSpec
{
    [Description("Pods of the new revision that may exist beyond the wanted number: a number, or a share such as \"25%\".")]
    public CountOrPercent MaxSurge { get; init; } = "25%";

    [Description("Tries the new revision on a few pods first. Left out, there is no canary.")]
    public CanarySpec? Canary { get; init; }
}

/// <summary>A trial of a new revision.</summary>
public sealed record CanarySpec
{
    [Description("Pods of the new revision during the trial.")]
    [Bounds(1, 1000)]
    public int Pods { get; init; } = 1;

    [Description("How long those pods must stay healthy before the rollout goes on.")]
    [DurationBounds("0s", "168h")]
    public KubeDuration Pause { get; init; } = "10m";
}

/// <summary>When an image is pulled, as in a container.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImagePullPolicy>))]
public enum ImagePullPolicy
{
    IfNotPresent,
    Always,
    Never,
}

/// <summary>What the fleet costs.</summary>
public sealed record CostSpec
{
    [Description("Price of one pod for one hour.")]
    [Bounds(0, 1_000_000)]
    public double PodHour { get; init; }

    [Description("Price of one gigabyte sent to clients.")]
    [Bounds(0, 1_000_000)]
    public double EgressGigabyte { get; init; }

    [Description("Currency of the prices, as in ISO 4217.")]
    [TextPattern("^[A-Z]{3}$", "three capital letters, such as USD")]
    public string Currency { get; init; } = "USD";
}
