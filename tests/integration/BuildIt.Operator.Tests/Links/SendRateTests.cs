using BuildIt.Operator.Links;
using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Tests.Links;

/// <summary>A megabyte each second over a link, whatever its nodes do.</summary>
public sealed class SendRateTests
{
    private const long PerSecond = 1_000_000;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SendRate _rate = new();
    private DateTimeOffset _now = Start;

    [Fact]
    public void It_is_known_after_some_seconds()
    {
        Assert.Null(Look(_ => [Of("us-0", 0)]));
        Assert.Equal(8 * PerSecond, Go(6, second => [Of("us-0", second)]));
    }

    [Fact]
    public void A_room_that_ends_each_second_does_not_stop_the_clock()
    {
        // The counts of a room go with it: what is left is that of the others.
        Go(30, second => [Of("us-0", second), new SentOver("us-1", "eu-0", second % 2 * 5_000)]);
        Assert.InRange(Go(1, second => [Of("us-0", second)])!.Value, 8 * PerSecond, 8 * PerSecond * 101 / 100);
    }

    [Fact]
    public void A_node_that_is_heard_again_has_not_sent_everything_at_once()
    {
        Go(20, second => [Of("us-0", second), Of("us-1", second)]);
        Go(20, second => [Of("us-0", second)]);
        Assert.Equal(8 * PerSecond, _rate.Of([], _now));
        var highest = Enumerable.Range(0, 20).Max(_ => Go(1, second => [Of("us-0", second), new SentOver("us-1", "eu-0", 20 * PerSecond)]));
        Assert.Equal(8 * PerSecond, highest);
    }

    private static SentOver Of(string node, long seconds) => new(node, "eu-0", seconds * PerSecond);

    private long? Go(int seconds, Func<long, IReadOnlyList<SentOver>> sent)
    {
        long? rate = null;
        for (var i = 0; i < seconds; i++)
        {
            _now += TimeSpan.FromSeconds(1);
            rate = Look(sent);
        }

        return rate;
    }

    private long? Look(Func<long, IReadOnlyList<SentOver>> sent) => _rate.Of(sent((long)(_now - Start).TotalSeconds), _now);
}
