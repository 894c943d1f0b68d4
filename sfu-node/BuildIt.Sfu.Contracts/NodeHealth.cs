using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>The answer of <see cref="NodePaths.Health"/>, in the shape the conference plan gives it.</summary>
public sealed record NodeHealth
{
    public required NodeHealthStatus Status { get; init; }

    /// <summary>The highest load fraction, 0 to 1.</summary>
    public required double Load { get; init; }

    public required int ActiveRooms { get; init; }

    public required int ActiveParticipants { get; init; }

    /// <summary>Fraction of the processor time the pod may use, 0 to 1.</summary>
    public required double CpuUsage { get; init; }

    /// <summary>Fraction of the memory the pod may use, 0 to 1.</summary>
    public required double MemoryUsage { get; init; }

    /// <summary>Media received, in bits per second.</summary>
    public required long NetworkIn { get; init; }

    /// <summary>Media sent, in bits per second.</summary>
    public required long NetworkOut { get; init; }
}

/// <summary>How a node judges itself.</summary>
[JsonConverter(typeof(NodeHealthStatusJsonConverter))]
public enum NodeHealthStatus
{
    Healthy,

    /// <summary>It serves, but something is missing: it drains, is overloaded, or cannot see the registry.</summary>
    Degraded,

    Unhealthy,
}

/// <summary>Writes the status in the plan's lower case.</summary>
public sealed class NodeHealthStatusJsonConverter()
    : JsonStringEnumConverter<NodeHealthStatus>(System.Text.Json.JsonNamingPolicy.CamelCase);
