namespace BuildIt.Operator.Runtime.Client;

/// <summary>Says whether this process may write now. Asked before each changing call, of whatever it changes.</summary>
public interface IWriteFence
{
    /// <summary>How long a call that begins now may be under way, so that it is over before another process writes; nothing when it may not begin.</summary>
    TimeSpan WriteBudget { get; }

    /// <summary>Whether a write may begin now.</summary>
    bool MayWrite => WriteBudget > TimeSpan.Zero;
}
