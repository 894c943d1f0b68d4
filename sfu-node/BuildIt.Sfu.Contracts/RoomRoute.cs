using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// Who serves a room. The operator writes it to <see cref="RegistryKeys.Route"/> from the ConferenceRoom's status, and
/// announces it on <see cref="RegistryKeys.RouteChanges"/>. A node serves a room only when the route names it, and only
/// while it has seen no higher generation.
/// </summary>
public sealed record RoomRoute
{
    /// <summary>
    /// How long the registry keeps the route of a room that has ended, to tell whoever comes late. A route that is missing sooner
    /// than this after it was seen was lost, and the room may go on.
    /// </summary>
    public static readonly TimeSpan EndedExpiry = TimeSpan.FromDays(1);

    /// <summary>
    /// The highest generation there is. More could not be compared: Redis' scripts count in doubles, which are exact up to 2^53.
    /// </summary>
    public const long MaxGeneration = 1L << 52;

    public required RoomId Room { get; init; }

    /// <summary>The node that owns the room's state.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Grows by at least one with every placement and never falls. It fences: a lower one has no say.</summary>
    public required long Generation { get; init; }

    /// <summary>Base URL of the owner's signal server inside the cluster network.</summary>
    public required string Endpoint { get; init; }

    public string Region { get; init => field = value ?? string.Empty; } = string.Empty;

    public RoomRouteState State { get; init; } = RoomRouteState.Serving;

    /// <summary>The node that served the room before, while it is being moved; it relays until its clients have left.</summary>
    public NodeId? Previous { get; init; }

    /// <summary>Further nodes that serve the room's participants and are fed by the owner, in no order.</summary>
    public IReadOnlyList<RoomEdge> Edges { get; init => field = value ?? []; } = [];

    public RoomLimits Limits { get; init => field = value ?? RoomLimits.Default; } = RoomLimits.Default;

    /// <summary>True when <paramref name="node"/> is the owner or an edge of the room.</summary>
    public bool Names(NodeId node)
    {
        if (Node == node)
        {
            return true;
        }

        foreach (var edge in Edges)
        {
            if (edge.Node == node)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>What a route asks of those who read it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoomRouteState>))]
public enum RoomRouteState
{
    /// <summary>The owner takes participants.</summary>
    Serving,

    /// <summary>The room moves from <see cref="RoomRoute.Previous"/> to the owner.</summary>
    Migrating,

    /// <summary>The room is over: whoever still serves it tells its clients and forgets it.</summary>
    Ended,
}

/// <summary>A node that serves part of a room's participants and is fed by <see cref="Parent"/>.</summary>
public sealed record RoomEdge
{
    public required NodeId Node { get; init; }

    public required string Region { get; init; }

    public required NodeId Parent { get; init; }

    /// <summary>Base URL of the edge's signal server inside its cluster's network.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Address and port of the edge's relay socket.</summary>
    public string? Relay { get; init; }
}

/// <summary>A room's settings as the node enforces them.</summary>
/// <param name="MaxParticipants">Participants that may be in the room at once; 0 means no limit.</param>
/// <param name="Locked">Nobody new may join.</param>
/// <param name="RequireApproval">Whoever joins waits until a moderator lets them in.</param>
/// <param name="AllowScreenShare">Participants may publish their screen.</param>
/// <param name="AllowRecording">Clients may record.</param>
/// <param name="EmptyTimeoutSeconds">How long a room that nobody joined is kept.</param>
/// <param name="DepartureTimeoutSeconds">How long a room is kept after its last participant left.</param>
/// <param name="E2eeRequired">Tracks that are not encrypted end to end are refused.</param>
public sealed record RoomLimits(
    int MaxParticipants = 100,
    bool Locked = false,
    bool RequireApproval = false,
    bool AllowScreenShare = true,
    bool AllowRecording = false,
    int EmptyTimeoutSeconds = 300,
    int DepartureTimeoutSeconds = 20,
    bool E2eeRequired = true)
{
    public static readonly RoomLimits Default = new();
}
