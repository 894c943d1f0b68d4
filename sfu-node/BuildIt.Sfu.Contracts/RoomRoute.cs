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

    /// <summary>The most seats that a room has.</summary>
    public const int MaxSeats = 64;

    /// <summary>The longest <see cref="Traceparent"/> that is read, in characters: what version 00 has.</summary>
    private const int TraceparentLength = 55;

    /// <summary>The longest <see cref="Sid"/> that is read, in characters.</summary>
    public const int MaxSidLength = 64;

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

    /// <summary>
    /// The room's id for clients, <c>RM_</c> and letters or digits: the same on every node and in every generation of one room.
    /// Empty when whoever wrote the route knows none; then the node makes one.
    /// </summary>
    public string Sid { get; init => field = value is { Length: <= MaxSidLength } ? value : string.Empty; } = string.Empty;

    /// <summary>
    /// What the placement is part of, where that is traced: a traceparent (W3C Trace Context, section 3.2). Empty when not.
    /// </summary>
    public string Traceparent { get; init => field = value is { Length: TraceparentLength } ? value : string.Empty; } = string.Empty;

    /// <summary>
    /// Grows with every change of the seats within a generation. Of two routes of one generation the one with the lower revision is
    /// stale.
    /// </summary>
    public long Revision { get; init; }

    /// <summary>
    /// All nodes that serve the room, the owner among them as origin: a tree, in no order. Empty means that the owner is the only one.
    /// Nodes of releases that know no seats take the owner for the only one, and proxy to it.
    /// </summary>
    public IReadOnlyList<RoomSeat> Seats { get; init => field = value ?? []; } = [];

    public RoomLimits Limits { get; init => field = value ?? RoomLimits.Default; } = RoomLimits.Default;

    /// <summary>True when <paramref name="node"/> has a seat in the room.</summary>
    public bool Names(NodeId node) => Node == node || SeatOf(node) is not null;

    /// <summary>The seat of a node; null when it has none, or the route has no seats.</summary>
    public RoomSeat? SeatOf(NodeId node)
    {
        foreach (var seat in Seats)
        {
            if (seat.Node == node)
            {
                return seat;
            }
        }

        return null;
    }

    /// <summary>True when this says something newer than <paramref name="other"/>, a route of the same room.</summary>
    public bool IsNewerThan(RoomRoute other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Generation != other.Generation ? Generation > other.Generation : Revision > other.Revision;
    }

    /// <summary>
    /// True when the seats are a tree: none at all, or at most <see cref="MaxSeats"/> of as many nodes, the owner's being the only
    /// origin, and from every edge a way over parents to it. What is no tree is not read as a route.
    /// </summary>
    public bool IsTree()
    {
        if (Seats.Count == 0)
        {
            return true;
        }

        if (Seats.Count > MaxSeats)
        {
            return false;
        }

        var parents = new Dictionary<NodeId, NodeId>(Seats.Count);
        foreach (var seat in Seats)
        {
            var isOrigin = seat.Role is SeatRole.Origin;
            if (isOrigin != (seat.Node == Node) || isOrigin != (seat.Parent is null) || !parents.TryAdd(seat.Node, seat.Parent ?? default))
            {
                return false;
            }
        }

        // Every seat has one parent, so a way that does not end at the owner leaves the seats or goes round.
        foreach (var seat in Seats)
        {
            var at = seat.Node;
            for (var steps = 0; at != Node; steps++)
            {
                if (steps == Seats.Count || !parents.TryGetValue(at, out at))
                {
                    return false;
                }
            }
        }

        return parents.ContainsKey(Node);
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
