using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Signaling.Routing;

/// <summary>Says by which part of a room that is open here a client is served. Thread-safe.</summary>
public interface IPartPlacement
{
    /// <param name="home">The room.</param>
    /// <param name="attempt">Who joins, or resumes.</param>
    /// <param name="cancel">Gives up waiting.</param>
    ValueTask<RoomHost> PlaceAsync(RoomHost home, JoinAttempt attempt, CancellationToken cancel);
}

/// <summary>Every room has one part.</summary>
internal sealed class SinglePart : IPartPlacement
{
    public ValueTask<RoomHost> PlaceAsync(RoomHost home, JoinAttempt attempt, CancellationToken cancel) => ValueTask.FromResult(home);
}
