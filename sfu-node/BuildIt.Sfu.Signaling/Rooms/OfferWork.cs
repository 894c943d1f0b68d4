using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>An offer whose answer is still to be built, away from the room's loop.</summary>
/// <param name="Id">The offer's id, which its answer repeats.</param>
/// <param name="Answer">What is to be built.</param>
public sealed record OfferWork(uint Id, PendingAnswer Answer);
