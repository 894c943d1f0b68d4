using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;

namespace BuildIt.Sfu.Media.Tests.Congestion;

public sealed class DataBudgetTests
{
    private static readonly DataRate Estimate = DataRate.FromMegabits(2);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private Instant _now = Instant.FromMilliseconds(1000);
    private readonly DataBudget _budget;

    public DataBudgetTests() => _budget = new DataBudget(Estimate, _now);

    [Fact]
    public void Without_media_there_is_no_limit()
    {
        Assert.True(_budget.MaySend(_now));
        _budget.OnSent(1_000_000, _now);
        Assert.True(_budget.MaySend(_now));
        Assert.Equal(DataRate.Infinite, _budget.Rate);
    }

    [Fact]
    public void A_limit_comes_with_media_and_goes_with_it()
    {
        _budget.OnMedia(_now);
        Assert.True(_budget.Rate < DataRate.Infinite);
        _budget.OnSent(1_000_000, _now);
        Assert.False(_budget.MaySend(_now));
        _now += TimeSpan.FromSeconds(2);
        Assert.True(_budget.MaySend(_now));
        Assert.Equal(DataRate.Infinite, _budget.Rate);
    }

    [Theory]
    [InlineData(2000, 500, 400)]
    [InlineData(2000, 1800, 200)]
    [InlineData(2000, 2500, 24)]
    [InlineData(40, 30, 24)]
    public void A_share_of_the_estimate_beside_what_sound_and_base_layers_need_is_always_given(double estimate, double needed, double share)
    {
        _budget.OnMedia(_now);
        for (var i = 0; i < 100; i++)
        {
            _now += TimeSpan.FromMilliseconds(100);
            _budget.OnMedia(_now);
            _budget.Update(new LinkSigns(DataRate.FromKilobits(estimate), DataRate.FromKilobits(needed), IsCongested: true, IsMediaHeldBack: true, TimeSpan.FromMilliseconds(50)), _now);
        }

        Assert.Equal(share, _budget.Guaranteed.KilobitsPerSecond, 0.01);
        Assert.Equal(_budget.Guaranteed, _budget.Rate);
    }

    [Fact]
    public void What_leaves_is_what_the_rate_says()
    {
        _budget.OnMedia(_now);
        var rate = _budget.Rate;
        var sent = Flood(TimeSpan.FromSeconds(10), signs: null);
        Assert.InRange(sent.Per(TimeSpan.FromSeconds(10)).BitsPerSecond, rate.BitsPerSecond * 0.97, rate.BitsPerSecond * 1.05);
        Assert.InRange(_budget.Used.BitsPerSecond, rate.BitsPerSecond * 0.9, rate.BitsPerSecond * 1.1);
    }

    [Fact]
    public void It_says_when_more_may_leave()
    {
        _budget.OnMedia(_now);
        _budget.OnSent(60_000, _now);
        Assert.False(_budget.MaySend(_now));
        var at = _budget.NextSend;
        Assert.True(at > _now);
        _budget.OnMedia(at);
        Assert.True(_budget.MaySend(at));
    }

    [Fact]
    public void It_grows_only_while_more_is_asked_for_and_nothing_is_in_the_way()
    {
        _budget.OnMedia(_now);
        var start = _budget.Rate;
        Flood(TimeSpan.FromSeconds(5), Quiet, bytes: 10);
        Assert.Equal(start, _budget.Rate);

        Flood(TimeSpan.FromSeconds(5), Quiet);
        Assert.True(_budget.Rate > start * 20, $"{start} to {_budget.Rate} in 5 s");

        Flood(TimeSpan.FromSeconds(1), Quiet with { IsMediaHeldBack = true });
        Assert.Equal(_budget.Guaranteed, _budget.Rate);
    }

    [Fact]
    public void It_gives_way_at_once_and_comes_back_with_care()
    {
        _budget.OnMedia(_now);
        Flood(TimeSpan.FromSeconds(4), Quiet);
        var full = _budget.Rate;
        _budget.Update(Quiet with { IsCongested = true }, _now);
        Assert.InRange(_budget.Rate.BitsPerSecond, full.BitsPerSecond * 0.3, full.BitsPerSecond * 0.55);

        // Twice for one sign would be too much: its effect is to be seen first.
        var after = _budget.Rate;
        _budget.Update(Quiet with { IsCongested = true }, _now + TimeSpan.FromMilliseconds(20));
        Assert.Equal(after, _budget.Rate);
        Flood(TimeSpan.FromSeconds(1.9), Quiet);
        Assert.Equal(after, _budget.Rate);

        // Near what was too much it takes its time.
        Flood(TimeSpan.FromSeconds(3), Quiet);
        Assert.InRange(_budget.Rate.BitsPerSecond, full.BitsPerSecond * 0.6, full.BitsPerSecond);
    }

    private static LinkSigns Quiet => new(Estimate, DataRate.FromKilobits(300), IsCongested: false, IsMediaHeldBack: false, TimeSpan.FromMilliseconds(50));

    /// <summary>Sends packets whenever they may leave, or one of so many bytes a millisecond; feedback comes every 50 ms.</summary>
    private DataSize Flood(TimeSpan length, LinkSigns? signs, int bytes = 0)
    {
        long sent = 0;
        var end = _now + length;
        for (var i = 1; _now < end; i++, _now += Step)
        {
            _budget.OnMedia(_now);
            if (bytes > 0)
            {
                Assert.True(_budget.MaySend(_now));
                _budget.OnSent(bytes, _now);
            }

            while (bytes == 0 && _budget.MaySend(_now))
            {
                _budget.OnSent(1200, _now);
                sent += 1200;
            }

            if (signs is { } said && i % 50 == 0)
            {
                _budget.Update(said, _now);
            }
        }

        return new DataSize(sent);
    }
}
