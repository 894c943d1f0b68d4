namespace BuildIt.RoomApi.Moderation;

/// <summary>What became of a decision.</summary>
/// <param name="Effect">What is known of its effect on whoever is connected.</param>
/// <param name="Durable">
/// The room's object has it. Otherwise it counts all the same and is written when the Kubernetes API takes it; until then it lives
/// in Redis alone.
/// </param>
public readonly record struct Outcome(Effect Effect, bool Durable);
