using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>What is done with the rooms of a node that is to go.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DrainMode>))]
public enum DrainMode
{
    /// <summary>Rooms move to other nodes while they are live.</summary>
    Migrate,

    /// <summary>Rooms stay until they end by themselves or the deadline comes.</summary>
    Wait,
}

/// <summary>
/// The body of <c>POST</c> <see cref="NodePaths.Drain"/>. Sending it again is harmless; a later one replaces an earlier one.
/// <c>DELETE</c> on the same path calls the drain back.
/// </summary>
public sealed record DrainCommand
{
    public DrainMode Mode { get; init; } = DrainMode.Migrate;

    /// <summary>When those who are still there are asked to reconnect elsewhere.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>True to ask every client to reconnect now, without waiting for the deadline.</summary>
    public bool ReconnectClients { get; init; }

    /// <summary>True when the process is to exit by itself once it is empty.</summary>
    public bool ExitWhenEmpty { get; init; }

    /// <summary>Why, in words, for the node's log.</summary>
    public string Reason { get; init => field = value ?? string.Empty; } = string.Empty;
}

/// <summary>How far a drain has come: the answer to a drain command and to <c>GET</c> <see cref="NodePaths.Drain"/>.</summary>
public sealed record DrainStatus
{
    public required NodeState State { get; init; }

    /// <summary>When the drain began; null when there is none.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    public int Rooms { get; init; }

    public int Participants { get; init; }
}
