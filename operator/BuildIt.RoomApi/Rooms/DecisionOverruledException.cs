namespace BuildIt.RoomApi.Rooms;

/// <summary>Somebody else decided about the same participant meanwhile, and their decision stands: the message says which.</summary>
public sealed class DecisionOverruledException(string message) : Exception(message);
