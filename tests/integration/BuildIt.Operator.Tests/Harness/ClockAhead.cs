namespace BuildIt.Operator.Tests.Harness;

/// <summary>A clock that goes as fast as ours and shows a later time.</summary>
internal sealed class ClockAhead(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
}
