using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>A node's part in a room that several nodes serve. The seats of a route are a tree; its root is the origin.</summary>
public sealed record RoomSeat
{
    /// <summary>The node that has the seat. No two seats of a route are of one node.</summary>
    public required NodeId Node { get; init; }

    public required string Region { get; init; }

    /// <summary>The SfuCluster that the node belongs to. A link's certificate names it; see <see cref="RelayIdentity"/>.</summary>
    public required string Cluster { get; init; }

    public required SeatRole Role { get; init; }

    /// <summary>The node from which this one gets the room, and to which it opens the link; null at the origin.</summary>
    public NodeId? Parent { get; init; }

    /// <summary>Base URL of the seat's signal server inside the cluster network, as <see cref="RoomRoute.Endpoint"/>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>As <see cref="NodeEndpoints.Relay"/> of the seat's node; tried first.</summary>
    public string? Relay { get; init; }

    /// <summary>As <see cref="NodeEndpoints.RelayOutside"/> of the seat's node; tried when <see cref="Relay"/> does not answer.</summary>
    public string? RelayOutside { get; init; }

    /// <summary>As <see cref="NodeEndpoints.RelayFingerprint"/> of the seat's node, when the route was made.</summary>
    public string? RelayFingerprint { get; init; }

    /// <summary>
    /// The most that may be sent over the link to the fleet of <see cref="Parent"/>, in bits per second each way, over all rooms and
    /// all nodes of both fleets; 0 for no limit. What a node has of it is told by <see cref="LinkOrders.Allowances"/>.
    /// </summary>
    public long MaxLinkBitsPerSecond { get; init => field = Math.Max(0, value); }

    /// <summary>
    /// True when newcomers go to other seats: the node is full, or is to go. Of the open seats, a newcomer takes the one where they
    /// arrived, else one of that region, else the origin. Where no seat is open, this one is not refused to anybody.
    /// </summary>
    public bool Closed { get; init; }
}

/// <summary>What a node is in a room.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SeatRole>))]
public enum SeatRole
{
    /// <summary>It decides what has to be decided once, and feeds the edges.</summary>
    Origin,

    /// <summary>It serves its own members and is fed by its parent.</summary>
    Edge,
}
