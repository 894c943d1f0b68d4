using BuildIt.Operator.Runtime.Queue;

namespace BuildIt.Operator.Runtime.Tests.Queue;

public sealed class BackoffTests
{
    private static readonly Backoff Backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(7, 60)]
    [InlineData(1_000_000, 60)]
    public void Doubles_up_to_the_ceiling(int failures, double seconds)
    {
        Assert.Equal(seconds / 2, Backoff.After(failures, 0).TotalSeconds, 3);
        Assert.InRange(Backoff.After(failures, 0.999).TotalSeconds, seconds * 0.99, seconds);
    }
}
