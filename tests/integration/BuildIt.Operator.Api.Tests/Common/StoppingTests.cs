namespace BuildIt.Operator.Api.Tests.Common;

public sealed class StoppingTests
{
    [Theory]
    [InlineData(true, true, false)]
    [InlineData(false, false, true)]
    public void What_is_cancelled_has_stopped_when_it_was_asked_to_and_timed_out_when_not(bool asked, bool stopped, bool timedOut)
    {
        var stop = new CancellationToken(asked);
        Assert.Equal((stopped, timedOut), (Stopping.Explains(new TaskCanceledException(), stop), Stopping.IsTimeout(new TaskCanceledException(), stop)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_other_failure_is_neither(bool asked)
    {
        var stop = new CancellationToken(asked);
        Assert.False(Stopping.Explains(new TimeoutException(), stop) || Stopping.IsTimeout(new TimeoutException(), stop));
    }
}
