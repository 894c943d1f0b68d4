using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Signaling.Routing;

/// <summary>Where a room is.</summary>
public abstract record RoomLocation
{
    private RoomLocation()
    {
    }

    /// <summary>This node serves it.</summary>
    /// <param name="Host">The room.</param>
    /// <param name="Traceparent">What its placement is part of, where that is traced.</param>
    public sealed record Local(RoomHost Host, string? Traceparent = null) : RoomLocation;

    /// <summary>Another node serves it: the connection or request is to be passed on to this base address.</summary>
    public sealed record Remote(Uri Node) : RoomLocation;

    /// <summary>It does not exist and is not created by asking.</summary>
    public sealed record NotFound : RoomLocation;

    /// <summary>It would have to be opened here, and this node takes no more.</summary>
    public sealed record NodeFull : RoomLocation;

    /// <summary>It is being placed or moved; try again shortly.</summary>
    public sealed record Unavailable : RoomLocation;

    /// <summary>It does not exist and could not be created.</summary>
    /// <param name="Why">For people.</param>
    /// <param name="Again">True when asking again may succeed.</param>
    public sealed record NotCreated(string Why, bool Again) : RoomLocation;
}

/// <summary>Finds rooms and ends them. A single node opens them itself; a fleet asks its registry. Thread-safe.</summary>
public interface IRoomRouter
{
    /// <param name="name">The room's name.</param>
    /// <param name="intent">Whether it may be opened.</param>
    /// <param name="configuration">How to open it, when the caller says.</param>
    /// <param name="cancel">Gives up waiting.</param>
    ValueTask<RoomLocation> RouteAsync(string name, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel);

    /// <summary>Completes when the room is known to be elsewhere than at <paramref name="node"/>, or to be over. By default that never happens.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> came first.</exception>
    Task MovedAsync(string name, Uri node, CancellationToken cancel) => Task.Delay(Timeout.Infinite, cancel);

    /// <summary>Where a node that serves the room too is reached; null when it is not known to, or is this one. By default none is.</summary>
    ValueTask<Uri?> SeatAsync(string name, string node) => ValueTask.FromResult<Uri?>(null);

    /// <summary>Ends a room of this node for good, wherever it is known. By default that is here only.</summary>
    /// <returns>False when it is over here and was not confirmed to be over everywhere in time.</returns>
    async ValueTask<bool> EndAsync(RoomHost room, CancellationToken cancel)
    {
        await room.EndAsync(DisconnectReason.RoomDeleted, RoomEndReason.RoomEndApiDelete).ConfigureAwait(false);
        return true;
    }

    /// <summary>Rooms of the fleet; all of them when <paramref name="names"/> is empty.</summary>
    ValueTask<IReadOnlyList<Protocol.Room>> ListAsync(IReadOnlyCollection<string> names, CancellationToken cancel);
}

/// <summary>What a route is wanted for.</summary>
public enum RouteIntent
{
    /// <summary>To look or to change: never opens a room.</summary>
    Find,

    /// <summary>A participant joins: opens the room where that is configured.</summary>
    Join,

    /// <summary>As joining, with a token that may create rooms.</summary>
    JoinOrCreate,

    /// <summary>A participant comes back to a session it has: as joining, but the node that serves it needs nobody's leave.</summary>
    Resume,

    /// <summary>The application creates it.</summary>
    Create,

    /// <summary>The application ends it for good: as looking, but a room that is being ended is waited for.</summary>
    End,

    /// <summary>As looking, at the node that owns the room's state: what is changed concerns the room as a whole.</summary>
    Own,
}
