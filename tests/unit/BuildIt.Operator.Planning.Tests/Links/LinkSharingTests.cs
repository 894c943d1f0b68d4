using BuildIt.Operator.Planning.Links;

namespace BuildIt.Operator.Planning.Tests.Links;

public sealed class LinkSharingTests
{
    private const long Bound = 1_000_000;
    private const double Untold = 0.25;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_pod_alone_has_all_of_it() => Assert.Equal([Bound], Settled([("a", 10)]));

    [Theory]
    [InlineData(new[] { 900_000L, 900_000 }, new[] { 500_000L, 500_000 })]
    [InlineData(new[] { 100_000L, 2_000_000 }, new[] { 125_000L, 875_000 })]
    [InlineData(new[] { 300_000L, 400_000, 2_000_000 }, new[] { 330_000L, 335_000, 335_000 })]
    [InlineData(new[] { 0L, 0, 0, 0 }, new[] { 250_000L, 250_000, 250_000, 250_000 })]
    public void Each_has_what_it_wants_as_far_as_no_other_has_less(long[] wanted, long[] shares)
    {
        var settled = Settled([.. wanted.Select((one, i) => ($"{i}", one))]);
        Assert.All(settled.Zip(shares), pair => Assert.InRange(pair.First, pair.Second - 1, pair.Second + 1));
    }

    [Fact]
    public void Who_was_told_nothing_counts_as_what_it_uses_meanwhile()
    {
        // The first may not have what the second uses until that is known to use less.
        var plan = LinkSharing.Plan(Bound, [new LinkSender("a", Bound, 500_000), new LinkSender("b", 0, null)], Untold, Long);
        Assert.Equal([750_000, 125_000], plan);
    }

    [Fact]
    public void What_one_gives_up_another_has_only_when_the_first_has_heard()
    {
        LinkSender[] senders = [new("a", 0, 800_000), new("b", Bound, 200_000)];
        var first = LinkSharing.Plan(Bound, senders, Untold, Long);
        Assert.Equal([125_000, 200_000], first);
        var second = LinkSharing.Plan(Bound, [senders[0] with { Share = first[0] }, senders[1] with { Share = first[1] }], Untold, TimeSpan.Zero);
        Assert.Equal([125_000, 875_000], second);
    }

    [Fact]
    public void A_small_change_waits_and_one_without_which_a_pod_is_starved_does_not()
    {
        LinkSender[] senders = [new("a", 550_000, 600_000), new("b", 550_000, 400_000)];
        Assert.Equal([600_000, 400_000], LinkSharing.Plan(Bound, senders, Untold, TimeSpan.FromSeconds(1)));
        Assert.Equal([500_000, 400_000], LinkSharing.Plan(Bound, senders, Untold, TimeSpan.FromSeconds(6)));
        senders = [new("a", 550_000, 700_000), new("b", 550_000, 300_000)];
        Assert.Equal([500_000, 300_000], LinkSharing.Plan(Bound, senders, Untold, TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_bound_that_was_lowered_is_kept_to_at_once() =>
        Assert.True(LinkSharing.Plan(Bound / 2, [new LinkSender("a", Bound, 500_000), new LinkSender("b", Bound, 500_000)], Untold, TimeSpan.Zero).Sum() <= Bound / 2);

    /// <summary>Pods whose wants change, that come and go, and to which some of what they are told never gets.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_happens_the_bound_is_kept_and_nobody_starves(int seed)
    {
        var random = new Random(seed);
        var pods = new Dictionary<string, (long Wanted, long Share)>(StringComparer.Ordinal);
        var sinceChange = TimeSpan.Zero;
        for (var step = 0; step < 2000; step++)
        {
            var isCalm = step % 200 > 100;
            if (!isCalm && random.Next(20) == 0 && pods.Count < 12)
            {
                pods[$"pod-{step}"] = (random.NextInt64(0, Bound), -1);
            }

            foreach (var name in pods.Keys.ToArray())
            {
                if (!isCalm && random.Next(100) == 0)
                {
                    pods.Remove(name);
                }
                else if (!isCalm && random.Next(10) == 0)
                {
                    pods[name] = pods[name] with { Wanted = random.NextInt64(0, Bound) };
                }
            }

            var senders = pods.Select(pod => new LinkSender(pod.Key, pod.Value.Wanted, pod.Value.Share < 0 ? null : pod.Value.Share)).ToArray();
            var before = senders.Sum(sender => sender.Share ?? (long)(Bound * Untold));
            var plan = LinkSharing.Plan(Bound, senders, Untold, sinceChange);
            sinceChange = senders.Zip(plan).All(pair => pair.First.Share == pair.Second) ? sinceChange + TimeSpan.FromSeconds(1) : TimeSpan.Zero;
            foreach (var (sender, share) in senders.Zip(plan))
            {
                if (isCalm || random.Next(10) > 0)
                {
                    pods[sender.Instance] = (sender.Wanted, share);
                }
            }

            // Those who were told nothing do what they do, and those who did not hear go on as before.
            var sum = pods.Values.Sum(pod => pod.Share < 0 ? (long)(Bound * Untold) : pod.Share);
            Assert.True(sum <= Math.Max(Bound, before), $"seed {seed}, step {step}: {sum}");
            if (step % 200 > 120)
            {
                Assert.Equal(plan, senders.Select(sender => sender.Share!.Value));
                Assert.True(sum <= Bound, $"seed {seed}, step {step}: {sum}");
                Assert.All(pods.Values, pod => Assert.True(
                    pod.Share >= Math.Min(pod.Wanted, Bound / pods.Count) * 0.85, $"seed {seed}, step {step}: {pod.Share} for {pod.Wanted}"));
            }
        }
    }

    [Fact]
    public void A_calm_link_changes_nothing_although_what_is_wanted_trembles()
    {
        var random = new Random(7);
        var settled = Settled([("a", 600_000), ("b", 300_000), ("c", 500_000)]);
        for (var step = 0; step < 600; step++)
        {
            LinkSender[] senders = [new("a", Near(600_000), settled[0]), new("b", Near(300_000), settled[1]), new("c", Near(500_000), settled[2])];
            Assert.Equal(settled, LinkSharing.Plan(Bound, senders, Untold, Long));
        }

        long Near(long wanted) => (long)(wanted * (0.93 + (random.NextDouble() * 0.14)));
    }

    /// <summary>What they have after some plans of which all have heard.</summary>
    private static IReadOnlyList<long> Settled(IReadOnlyList<(string Name, long Wanted)> pods)
    {
        IReadOnlyList<long?> shares = [.. pods.Select(_ => (long?)null)];
        for (var plan = 0; plan < 5; plan++)
        {
            shares = [.. LinkSharing.Plan(Bound, [.. pods.Zip(shares).Select(pair => new LinkSender(pair.First.Name, pair.First.Wanted, pair.Second))], Untold, Long).Cast<long?>()];
        }

        return [.. shares.Select(share => share!.Value)];
    }
}
