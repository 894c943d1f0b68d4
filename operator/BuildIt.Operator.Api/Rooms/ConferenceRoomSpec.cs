using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;
using k8s.Models;

namespace BuildIt.Operator.Api;

/// <summary>What a conference should be. Initial values are the defaults of the schema.</summary>
[CelRule("!has(self.expectedParticipants) || self.expectedParticipants <= self.maxParticipants", "expectedParticipants must not be above maxParticipants")]
public sealed record ConferenceRoomSpec
{
    [Description("Name shown to people.")]
    [TextLength(1, 256)]
    public string? DisplayName { get; init; }

    [Description("Keyed hash of the creator's identity, in hexadecimal; never the identity itself. Cannot be changed.")]
    [TextLength(1, 128)]
    [TextPattern("^[0-9a-f]{16,128}$", "16 to 128 hexadecimal digits in lower case")]
    [CelRule("self == oldSelf", "createdBy cannot be changed")]
    public string? CreatedBy { get; init; }

    [Description("Most participants at once.")]
    [Bounds(1, 100_000)]
    public int MaxParticipants { get; init; } = 100;

    [Description("Participants expected, so that a pod with room for them is chosen from the start.")]
    [Bounds(1, 100_000)]
    public int? ExpectedParticipants { get; init; }

    [Description("When the conference ends whether or not people are in it.")]
    public DateTime? ExpiresAt { get; init; }

    [Description("How long a room that nobody joined is kept, for example 300s.")]
    [DurationBounds("0s", "168h")]
    public KubeDuration EmptyTimeout { get; init; } = "300s";

    [Description("How long a room is kept after its last participant left.")]
    [DurationBounds("0s", "168h")]
    public KubeDuration DepartureTimeout { get; init; } = "20s";

    [Description("How long the object is kept after the conference has ended; then it is deleted. Left out, it is kept until somebody deletes it.")]
    [DurationBounds("0s", "8760h")]
    public KubeDuration? TtlAfterEnded { get; init; }

    [Description("What participants may do.")]
    public RoomSettings Settings { get; init; } = new();

    [Description("Where the conference may run.")]
    public PlacementSpec Placement { get; init; } = new();
}

/// <summary>What participants may do.</summary>
public sealed record RoomSettings
{
    [Description("Newcomers wait until somebody lets them in.")]
    public bool RequireApproval { get; init; }

    [Description("Participants may share their screen.")]
    public bool AllowScreenShare { get; init; } = true;

    [Description("Members may record. Recording happens on a member's device, because servers hold no keys.")]
    public bool AllowRecording { get; init; }

    [Description("Nobody else may join.")]
    public bool Locked { get; init; }

    [Description("Media is encrypted end to end. Always true.")]
    [AlwaysTrue]
    public bool E2eeRequired { get; init; } = true;
}

/// <summary>When a room may spread over several pods.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CascadeMode>))]
public enum CascadeMode
{
    /// <summary>Spreads when it outgrows a pod or when people join from another region.</summary>
    Auto,

    /// <summary>Stays on one pod.</summary>
    Never,

    /// <summary>Has a pod in every preferred region from the start, and in every other that it may use when somebody joins there.</summary>
    Always,
}

/// <summary>Where a conference may run.</summary>
public sealed record PlacementSpec
{
    [Description("Regions in order of preference. Left out, every region may be used and the least loaded comes first.")]
    [Items(0, 32)]
    [ListSet]
    [TextPattern(Patterns.DnsLabel, Patterns.DnsLabelExpected)]
    public IReadOnlyList<string> Regions { get; init; } = [];

    [Description("Labels of the SfuClusters that may be used. Left out, all.")]
    public V1LabelSelector? ClusterSelector { get; init; }

    [Description("When the room spreads over several pods: Auto, Never or Always.")]
    public CascadeMode Cascade { get; init; } = CascadeMode.Auto;

    [Description("Most regions the room spreads over.")]
    [Bounds(1, 32)]
    public int MaxRegions { get; init; } = 3;
}
