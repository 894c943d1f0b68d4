namespace BuildIt.Sfu.Media.Base;

/// <summary>A state machine with a next moment at which it wants to be called.</summary>
public interface IDeadline
{
    /// <summary>When to call next; <see cref="Instant.Never"/> when nothing is due.</summary>
    Instant NextDeadline { get; }

    void HandleTimeout(Instant now);
}
