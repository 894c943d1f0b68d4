using BuildIt.Operator.Runtime.Leadership;

namespace BuildIt.Operator.Runtime.Tests.Leadership;

public sealed class LeaseElectionTests
{
    private static readonly LeaderElectionOptions Options = new();
    private static readonly TimeSpan Start = TimeSpan.FromDays(1);
    private readonly LeaseElection _election = new("me", Options);

    [Fact]
    public void A_missing_lease_is_made() => Assert.Equal(LeaseAction.Create, _election.Observe(null, Start));

    [Fact]
    public void A_free_lease_is_taken_at_once() => Assert.Equal(LeaseAction.Take, _election.Observe(Lease(string.Empty, "1"), Start));

    [Fact]
    public void A_silent_holder_is_waited_out_by_our_own_clock()
    {
        // The holder's time is a century off; only that it does not change counts.
        var stale = Lease("other", "1926-01-01T00:00:00Z");
        Assert.Equal(LeaseAction.Wait, _election.Observe(stale, Start));
        Assert.Equal(LeaseAction.Wait, _election.Observe(stale, Start + Options.LeaseDuration - TimeSpan.FromSeconds(1)));
        Assert.Equal(LeaseAction.Take, _election.Observe(stale, Start + Options.LeaseDuration));
    }

    [Fact]
    public void A_holder_that_renews_is_left_alone()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(LeaseAction.Wait, _election.Observe(Lease("other", $"{i}"), Start + TimeSpan.FromSeconds(10 * i)));
        }
    }

    [Fact]
    public void A_leader_that_cannot_renew_gives_up_before_another_may_take_over()
    {
        _election.Observe(null, Start);
        _election.Renewed(Start);

        Assert.True(_election.IsLeading(Start + Options.RenewDeadline - TimeSpan.FromTicks(1)));
        Assert.False(_election.IsLeading(Start + Options.RenewDeadline));
        Assert.True(_election.IsLost(Start + Options.RenewDeadline));
        Assert.True(Options.RenewDeadline < Options.LeaseDuration);
    }

    [Fact]
    public void A_leader_that_sees_another_holder_has_lost()
    {
        _election.Observe(null, Start);
        _election.Renewed(Start);

        Assert.Equal(LeaseAction.Wait, _election.Observe(Lease("other", "2"), Start + TimeSpan.FromSeconds(1)));
        Assert.True(_election.IsLost(Start + TimeSpan.FromSeconds(1)));
        Assert.False(_election.IsLeading(Start + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void What_a_leader_begins_to_write_is_over_before_another_can_lead()
    {
        _election.Observe(null, Start);
        Assert.Equal(TimeSpan.Zero, _election.WriteBudget(Start));
        _election.Renewed(Start);

        for (var now = Start; _election.IsLeading(now); now += TimeSpan.FromMilliseconds(100))
        {
            var over = now + _election.WriteBudget(now);
            Assert.True(over > now && over < Start + Options.LeaseDuration, $"begun at {now}, over at {over}");
        }

        Assert.Equal(TimeSpan.Zero, _election.WriteBudget(Start + Options.RenewDeadline));
    }

    [Fact]
    public void Two_candidates_with_odd_clocks_never_lead_at_once()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            new Contest(seed).Run();
        }
    }

    private static LeaseRecord Lease(string holder, string renewed) => new(holder, renewed, 0, "1");

    /// <summary>Two candidates over one lease with optimistic writes, whose calls fail and hang at random.</summary>
    private sealed class Contest(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly LeaseElection[] _candidates = [new("a", Options), new("b", Options)];
        private readonly TimeSpan[] _skew = [TimeSpan.FromDays(3), TimeSpan.FromDays(-3)];
        private LeaseRecord? _lease;
        private int _version;

        public void Run()
        {
            var now = Start;
            for (var step = 0; step < 400; step++)
            {
                now += TimeSpan.FromMilliseconds(_random.Next(3000));
                var who = _random.Next(2);
                var clock = now + _skew[who];
                if (_random.Next(100) < 70 && !_candidates[who].IsLost(clock))
                {
                    Try(who, clock, now);
                }

                Assert.False(_candidates[0].IsLeading(now + _skew[0]) && _candidates[1].IsLeading(now + _skew[1]), $"two leaders, seed {seed}, step {step}");
            }
        }

        private void Try(int who, TimeSpan clock, TimeSpan now)
        {
            var read = _lease;
            if (_candidates[who].Observe(read, clock) == LeaseAction.Wait || _random.Next(100) < 30 || read?.ResourceVersion != _lease?.ResourceVersion)
            {
                return;
            }

            _lease = new LeaseRecord(_candidates[who].Identity, $"{now.Ticks}", 0, $"{_version++}");

            // The write may have been taken although the answer was lost.
            if (_random.Next(100) >= 10)
            {
                _candidates[who].Renewed(clock);
            }
        }
    }
}
