namespace BuildIt.Operator.Api;

/// <summary>Tells work that ends because it was asked to from work that fails. Both throw <see cref="OperationCanceledException"/>.</summary>
public static class Stopping
{
    /// <summary>Whether something was thrown because the work is to stop: it is no failure, and nothing is tried again.</summary>
    /// <param name="thrown">What was thrown.</param>
    /// <param name="stop">What the work is stopped with.</param>
    public static bool Explains(Exception thrown, CancellationToken stop) => thrown is OperationCanceledException && stop.IsCancellationRequested;

    /// <summary>Whether something was thrown because a call took longer than it may, while nobody wants the work to stop.</summary>
    /// <param name="thrown">What was thrown.</param>
    /// <param name="stop">What the work is stopped with.</param>
    public static bool IsTimeout(Exception thrown, CancellationToken stop) => thrown is OperationCanceledException && !stop.IsCancellationRequested;
}
