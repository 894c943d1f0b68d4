namespace BuildIt.RoomApi.Rooms;

/// <summary>The Kubernetes API cannot be reached, or does not want more requests now.</summary>
public sealed class KubernetesUnavailableException(Exception inner) : Exception("The Kubernetes API does not answer.", inner);

/// <summary>The Kubernetes API refused an object: its words name the fault.</summary>
public sealed class ObjectRefusedException(string message, Exception inner) : Exception(message, inner);
