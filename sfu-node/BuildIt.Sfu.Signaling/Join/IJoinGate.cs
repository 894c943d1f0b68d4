namespace BuildIt.Sfu.Signaling.Join;

/// <summary>
/// Bars clients whose token is in order: it was revoked, or the room takes nobody new. Asked after the room was looked up, by
/// the node the client came to and by the one that serves it. Thread-safe.
/// </summary>
public interface IJoinGate
{
    /// <returns>Null, or why the client is refused.</returns>
    ValueTask<JoinError?> CheckAsync(JoinAttempt attempt, CancellationToken cancel);
}

/// <summary>Lets everybody in whose token allows it.</summary>
public sealed class OpenJoinGate : IJoinGate
{
    public ValueTask<JoinError?> CheckAsync(JoinAttempt attempt, CancellationToken cancel) => ValueTask.FromResult<JoinError?>(null);
}
