using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;

namespace BuildIt.Operator.Api;

/// <summary>Bounds of a fleet, and the number asked for by hand.</summary>
[CelRule("self.min <= self.max", "min must not be above max")]
public sealed record ReplicasSpec
{
    /// <summary>The largest fleet.</summary>
    public const int Limit = 10_000;

    [Description("Fewest pods. 0 lets an idle fleet scale to nothing.")]
    [Bounds(0, Limit)]
    public int Min { get; init; } = 1;

    [Description("Most pods.")]
    [Bounds(0, Limit)]
    public int Max { get; init; } = 10;

    // The scale subresource cannot be read where this field is absent, and a HorizontalPodAutoscaler that reads 0 leaves its target alone.
    [Description("Number of pods asked for by hand, as kubectl scale or a HorizontalPodAutoscaler writes it. It replaces the autoscaler's number and is still held between min and max. 0: the autoscaler decides.")]
    [Bounds(0, Limit)]
    public int Desired { get; init; }

    /// <summary>The number asked for by hand, or null when the autoscaler decides.</summary>
    [JsonIgnore]
    public int? Manual => Desired > 0 ? Desired : null;
}

/// <summary>What one pod can carry.</summary>
public sealed record CapacitySpec
{
    [Description("Participants that send media.")]
    [Bounds(1, 100_000)]
    public int MaxPublishers { get; init; } = 50;

    [Description("Participants that receive media.")]
    [Bounds(1, 1_000_000)]
    public int MaxSubscribers { get; init; } = 200;

    [Description("Rooms.")]
    [Bounds(1, 100_000)]
    public int MaxRooms { get; init; } = 10;

    [Description("Media received, in bits per second, for example 500Mbps.")]
    [BandwidthBounds("1Mbps", "10Tbps")]
    public Bandwidth Ingress { get; init; } = "500Mbps";

    [Description("Media sent, in bits per second, for example 2Gbps.")]
    [BandwidthBounds("1Mbps", "10Tbps")]
    public Bandwidth Egress { get; init; } = "2Gbps";
}

/// <summary>A measure of load, as a share of <see cref="CapacitySpec"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LoadMetric>))]
public enum LoadMetric
{
    [JsonStringEnumMemberName("publishers")]
    Publishers,
    [JsonStringEnumMemberName("subscribers")]
    Subscribers,
    [JsonStringEnumMemberName("rooms")]
    Rooms,
    [JsonStringEnumMemberName("ingress")]
    Ingress,
    [JsonStringEnumMemberName("egress")]
    Egress,
    [JsonStringEnumMemberName("cpu")]
    Cpu,
}

/// <summary>How the number of pods follows the load.</summary>
public sealed record AutoscalingSpec
{
    [Description("Share of capacity that the fleet aims at, from 0.05 to 1.")]
    [Bounds(0.05, 1)]
    public double TargetUtilization { get; init; } = 0.7;

    [Description("Measures of load that count; the highest decides. Left out, all of them count.")]
    [Items(1, 6)]
    [ListSet]
    public IReadOnlyList<LoadMetric>? Metrics { get; init; }

    [Description("Spare pods kept beyond what the load needs: a number, or a share of the needed pods such as \"10%\".")]
    public CountOrPercent Warm { get; init; } = 0;

    [Description("How the fleet grows.")]
    public ScaleStepSpec ScaleUp { get; init; } = new() { Stabilization = "0s", MaxStep = "100%" };

    [Description("How the fleet shrinks.")]
    public ScaleStepSpec ScaleDown { get; init; } = new() { Stabilization = "5m", MaxStep = 1 };

    [Description("Minimums by time of day. The entry whose time came last holds until the next entry's time comes.")]
    [Items(0, 64)]
    public IReadOnlyList<ScheduleSpec> Schedules { get; init; } = [];
}

/// <summary>How fast a fleet changes in one direction.</summary>
public sealed record ScaleStepSpec
{
    [Description("How long the load must ask for the change before it is made, for example 5m.")]
    [DurationBounds("0s", "24h")]
    public KubeDuration Stabilization { get; init; } = "0s";

    [Description("Most pods changed at once: a number, or a share of the fleet such as \"100%\". A share counts as at least one pod.")]
    public CountOrPercent MaxStep { get; init; } = 1;
}

/// <summary>A minimum that begins at certain times.</summary>
public sealed record ScheduleSpec
{
    [Required]
    [Description("When the minimum begins, as five cron fields: minute, hour, day of month, month, day of week.")]
    [TextLength(9, 128)]
    public string Cron { get; init; } = string.Empty;

    [Description("Time zone of the cron fields, by its IANA name, for example Europe/Lisbon.")]
    [TextLength(1, 64)]
    public string Timezone { get; init; } = "UTC";

    [Required]
    [Description("Fewest pods from then on. Never lowers replicas.min.")]
    [Bounds(0, ReplicasSpec.Limit)]
    public int Min { get; init; }
}
