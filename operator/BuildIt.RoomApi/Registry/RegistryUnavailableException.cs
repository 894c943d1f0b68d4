namespace BuildIt.RoomApi.Registry;

/// <summary>Redis cannot be reached or refused.</summary>
public sealed class RegistryUnavailableException(Exception inner) : Exception("The registry does not answer.", inner);
