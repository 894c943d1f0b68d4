namespace BuildIt.RoomApi.Moderation;

/// <summary>What became of a request to mute.</summary>
/// <param name="Tracks">Sids of the tracks that were muted.</param>
/// <param name="Unknown">Sids of those whose node did not answer: they may be muted, or may yet be.</param>
public readonly record struct Muted(IReadOnlyList<string> Tracks, IReadOnlyList<string> Unknown);

/// <summary>A node of the room does not say whether a participant is there, and no other has them.</summary>
public sealed class NodeSilentException() : Exception("A node of the room does not answer.");
