using BuildIt.Operator.Planning.Rooms;

namespace BuildIt.Operator.Planning.Tests.Rooms;

public sealed class CountTurnsTests
{
    private const int PerSecond = 50;
    private const int AtOnce = PerSecond / 10;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly CountTurns<int> _turns = new(PerSecond, Interval);

    [Fact]
    public void One_that_is_alone_has_its_turn_at_once()
    {
        Assert.True(_turns.Ask(1, Given.Now));
        Assert.Null(_turns.NextDeadline);
    }

    [Fact]
    public void One_key_has_a_turn_every_interval_only()
    {
        Assert.True(_turns.Ask(1, Given.Now));
        _turns.Wrote(1, Given.Now);

        Assert.False(_turns.Ask(1, Given.Now.AddSeconds(1)));
        Assert.Equal(Given.Now + Interval, _turns.NextDeadline);
        Assert.Empty(_turns.Call(Given.Now.AddSeconds(4.9)));
        Assert.Equal([1], _turns.Call(Given.Now + Interval));
        Assert.True(_turns.Ask(1, Given.Now + Interval));
    }

    [Fact]
    public void Two_thousand_at_once_get_fifty_turns_a_second_in_the_order_in_which_they_became_stale()
    {
        var turns = new List<(int Key, DateTimeOffset At)>();
        var now = Given.Now;
        foreach (var key in Enumerable.Range(0, 2_000))
        {
            Ask(key);
        }

        while (_turns.NextDeadline is { } next)
        {
            Assert.True(next > now, "a deadline that has passed calls nobody");
            now = next;
            foreach (var key in _turns.Call(now))
            {
                Ask(key);
            }
        }

        Assert.Equal(Enumerable.Range(0, 2_000), turns.Select(turn => turn.Key));
        Assert.InRange((now - Given.Now).TotalSeconds, 39, 41);
        Assert.All(turns, first => Assert.InRange(turns.Count(turn => turn.At >= first.At && turn.At < first.At.AddSeconds(1)), 1, PerSecond + AtOnce));

        void Ask(int key)
        {
            if (_turns.Ask(key, now))
            {
                _turns.Wrote(key, now);
                turns.Add((key, now));
            }
        }
    }

    [Fact]
    public void Whoever_has_been_wrong_for_longest_is_next()
    {
        Exhaust();
        Assert.False(_turns.Ask(1, Given.Now));
        Assert.False(_turns.Ask(2, Given.Now.AddMilliseconds(1)));

        // Asking again makes it no younger and no older.
        Assert.False(_turns.Ask(1, Given.Now.AddMilliseconds(2)));
        Assert.Equal([1], _turns.Call(Given.Now.AddMilliseconds(21)));
        Assert.False(_turns.Ask(2, Given.Now.AddMilliseconds(21)));
    }

    [Fact]
    public void What_was_written_for_another_reason_leaves_its_turn_to_the_next()
    {
        Exhaust();
        _turns.Ask(1, Given.Now);
        _turns.Ask(2, Given.Now);
        _turns.Wrote(1, Given.Now);
        Assert.Equal([2], _turns.Call(Given.Now.AddMilliseconds(20)));
        _turns.Settle(2);
        Assert.Empty(_turns.Call(Given.Now.AddSeconds(9)));
        Assert.Null(_turns.NextDeadline);
    }

    [Fact]
    public void Whoever_is_called_and_does_not_come_keeps_nobody_for_long_and_is_called_again()
    {
        Exhaust();
        foreach (var key in Enumerable.Range(1, 2 * AtOnce))
        {
            _turns.Ask(key, Given.Now);
        }

        var late = Given.Now.AddSeconds(1);
        Assert.Equal(Enumerable.Range(1, AtOnce), _turns.Call(late));
        Assert.Empty(_turns.Call(late.AddSeconds(0.9)));
        Assert.Equal(late + CountTurns<int>.Patience, _turns.NextDeadline);
        Assert.Equal(Enumerable.Range(1, AtOnce), _turns.Call(late + CountTurns<int>.Patience));
        Assert.All(Enumerable.Range(1, AtOnce), key => Assert.True(_turns.Ask(key, late + CountTurns<int>.Patience)));
        Assert.False(_turns.Ask(AtOnce + 1, late + CountTurns<int>.Patience));
    }

    [Fact]
    public void Nothing_is_remembered_of_what_was_long_ago()
    {
        _turns.Ask(1, Given.Now);
        _turns.Wrote(1, Given.Now);

        Assert.Equal(0, _turns.Waiting);
        Assert.True(_turns.Ask(1, Given.Now + Interval));
    }

    private void Exhaust()
    {
        for (var key = -1; _turns.Ask(key, Given.Now); key--)
        {
        }

        _turns.Settle(-1 - AtOnce);
    }
}
