using BuildIt.Operator.Nodes;

namespace BuildIt.Operator.Tests.Nodes;

public sealed class ProbeRecordTests
{
    [Fact]
    public void Failures_count_from_the_first_of_a_row()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var record = ProbeRecord.None.After(null, start).After(null, start.AddSeconds(1));
        Assert.Equal((2, start, null), (record.Failures, record.FailingSince, record.FirstAnswerAt));
        Assert.Equal(2, record.Attempts);
    }
}
