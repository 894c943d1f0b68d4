using BuildIt.Operator.Turn;

namespace BuildIt.Operator.Tests.Turn;

public sealed class KnownTurnTests
{
    private readonly KnownTurn _server = new();

    [Fact]
    public void It_answers_from_its_first_answer()
    {
        Assert.Null(_server.Answers);
        Assert.True(_server.Look(null));
        Assert.True(_server.Answers);
        Assert.False(_server.Look(null));
    }

    [Fact]
    public void It_is_called_unreachable_when_it_failed_several_times_and_not_for_a_lost_packet()
    {
        _server.Look(null);
        Assert.False(_server.Look("silent"));
        Assert.False(_server.Look("silent"));
        Assert.True(_server.Answers);
        Assert.False(_server.Look(null));

        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(_ => _server.Look("silent")));
        Assert.Equal((false, "silent"), (_server.Answers, _server.Fault));
        Assert.True(_server.Look("refused"));
        Assert.True(_server.Look(null));
        Assert.Equal((true, ""), (_server.Answers, _server.Fault));
    }
}
