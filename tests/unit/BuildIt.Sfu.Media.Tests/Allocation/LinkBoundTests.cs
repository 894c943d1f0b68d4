using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Allocation;

public sealed class LinkBoundTests
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);

    private Instant _now = Instant.FromMilliseconds(1000);

    [Fact]
    public void Without_a_bound_everything_may_be_sent()
    {
        var share = new LinkBound().Join();
        Assert.Equal(DataRate.Infinite, share.Ask(Wish(30, 200, 5000), _now));
    }

    [Theory]
    [InlineData(1000, new[] { 100, 300 }, new[] { 400L, 600L })]
    [InlineData(1000, new[] { 200, 900, 900 }, new[] { 200L, 400L, 400L })]
    [InlineData(1000, new[] { 900, 900, 900, 900, 900 }, new[] { 200L, 200L, 200L, 200L, 200L })]
    [InlineData(1000, new[] { 1000 }, new[] { 1000L })]
    public void Nobody_gets_more_while_somebody_who_wants_it_has_less(int kilobits, int[] wanted, long[] granted)
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(kilobits) };
        var shares = wanted.Select(_ => bound.Join()).ToArray();
        var got = Settle(shares, [.. wanted.Select(one => Wish(10, 50, one))]);
        Assert.Equal(granted, got.Select(rate => (rate.BitsPerSecond + 500) / 1000));
        Assert.Equal(wanted.Sum(), bound.Wanted!.Value.KilobitsPerSecond, 1.0);
    }

    [Fact]
    public void The_sound_of_all_comes_before_any_picture_and_is_never_refused()
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(100) };
        LinkShare[] shares = [bound.Join(), bound.Join()];
        Assert.Equal([60, 40], Settle(shares, [Wish(20, 1000, 9000), Wish(40, 40, 40)]).Select(rate => Math.Round(rate.KilobitsPerSecond)));
        Assert.Equal([80, 70], Settle(shares, [Wish(80, 1000, 9000), Wish(70, 70, 70)]).Select(rate => rate.KilobitsPerSecond));
    }

    [Fact]
    public void A_newcomer_is_heard_before_it_is_divided_anew()
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(1000) };
        var first = bound.Join();
        Settle([first], [Wish(30, 100, 5000)]);
        var second = bound.Join();
        Assert.Equal(100, second.Ask(Wish(30, 100, 5000), _now).KilobitsPerSecond);
        Assert.Equal([500, 500], Settle([first, second], [Wish(30, 100, 5000), Wish(30, 100, 5000)]).Select(rate => Math.Round(rate.KilobitsPerSecond)));
    }

    [Fact]
    public void What_is_not_wanted_any_more_goes_to_others_within_seconds_and_what_somebody_had_who_left_at_once()
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(1000) };
        LinkShare[] shares = [bound.Join(), bound.Join()];
        LinkWish[] wishes = [Wish(30, 100, 5000), Wish(30, 100, 5000)];
        Settle(shares, wishes);
        wishes[1] = Wish(0, 0, 0);
        var after = 0;
        while (Settle(shares, wishes)[0].KilobitsPerSecond < 950)
        {
            Assert.True(++after < 80, "it is still kept after 8 s");
        }

        shares[1].Leave();
        Assert.Equal(1000, Settle([shares[0]], [wishes[0]])[0].KilobitsPerSecond, 0.1);
    }

    [Fact]
    public void Another_bound_holds_from_the_next_time_on_that_somebody_asks()
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(1000) };
        var share = bound.Join();
        Settle([share], [Wish(30, 100, 5000)]);
        bound.Rate = DataRate.FromKilobits(400);
        Assert.Equal(400, share.Ask(Wish(30, 100, 5000), _now).KilobitsPerSecond);
    }

    /// <summary>For any wishes: never more than the bound but for sound, everybody's sound, and lowest layers where those fit.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_is_wanted_it_is_kept_to(int seed)
    {
        var random = new Random(seed);
        for (var turn = 0; turn < 300; turn++)
        {
            var rate = random.NextInt64(0, 20_000_000);
            var wishes = Enumerable.Range(0, random.Next(1, 40)).Select(_ =>
            {
                var sound = random.NextInt64(0, 100_000);
                var lowest = sound + random.NextInt64(0, 500_000);
                return new LinkWish(new DataRate(sound), new DataRate(lowest), new DataRate(lowest + random.NextInt64(0, 3_000_000)));
            }).ToArray();
            var division = LinkDivision.Of(new DataRate(rate), wishes);
            var granted = wishes.Select(wish => division.For(wish)).ToArray();

            var sum = granted.Sum(one => one.BitsPerSecond);
            Assert.True(sum <= Math.Max(rate, wishes.Sum(wish => wish.Sound.BitsPerSecond)), $"seed {seed}, turn {turn}: {sum} of {rate}");
            Assert.All(granted.Zip(wishes), pair => Assert.True(pair.First >= pair.Second.Sound));
            if (wishes.Sum(wish => wish.Base.BitsPerSecond) <= rate)
            {
                Assert.All(granted.Zip(wishes), pair => Assert.True(pair.First >= pair.Second.Base));
                Assert.True(rate - sum <= wishes.Length, $"seed {seed}, turn {turn}: {rate - sum} of {rate} are lost");
            }
        }
    }

    [Fact]
    public async Task Many_loops_may_ask_join_and_leave_at_once()
    {
        var bound = new LinkBound { Rate = DataRate.FromMegabits(100) };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(loop => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
            {
                var share = bound.Join();
                var granted = share.Ask(Wish(30, 100, 1000), _now + i * Round);
                Assert.True(granted <= bound.Rate);
                share.Leave();
            }
        })));
        var last = bound.Join();
        _now += 3000 * Round;
        Assert.Equal(100, Settle([last], [Wish(30, 100, 5000)])[0].KilobitsPerSecond / 1000, 0.1);
    }

    [Fact]
    public void A_division_among_a_thousand_rooms_allocates_nothing()
    {
        var bound = new LinkBound { Rate = DataRate.FromMegabits(100) };
        var shares = Enumerable.Range(0, 1000).Select(_ => bound.Join()).ToArray();
        var wishes = shares.Select((_, i) => Wish(30, 100, 100 + i)).ToArray();
        Settle(shares, wishes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 10; round++)
        {
            _now += Round;
            for (var i = 0; i < shares.Length; i++)
            {
                shares[i].Ask(wishes[i], _now);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static LinkWish Wish(double sound, double lowest, double wanted) =>
        new(DataRate.FromKilobits(sound), DataRate.FromKilobits(lowest), DataRate.FromKilobits(wanted));

    /// <summary>What each has after all have told and a division has followed.</summary>
    private DataRate[] Settle(IReadOnlyList<LinkShare> shares, IReadOnlyList<LinkWish> wishes)
    {
        DataRate[] granted = [];
        for (var round = 0; round < 2; round++)
        {
            _now += Round;
            granted = [.. shares.Zip(wishes).Select(pair => pair.First.Ask(pair.Second, _now))];
        }

        return granted;
    }
}
