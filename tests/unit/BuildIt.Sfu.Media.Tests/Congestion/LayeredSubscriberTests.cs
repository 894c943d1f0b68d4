using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Tests.Network;

namespace BuildIt.Sfu.Media.Tests.Congestion;

/// <summary>What an SFU really sends: layers, not a rate. Falling, recovering, staying calm.</summary>
public sealed class LayeredSubscriberTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_limited_link_lowers_layers_within_3_s_and_a_lifted_limit_restores_them_within_10_s(int seed)
    {
        var source = new LayeredSource(videos: 2, seed);
        var layers = new List<(double At, int Sum)>();
        var scenario = new Scenario(Link(8000), seed: seed);
        scenario.AddFlow("layers", source);
        scenario.RateAt(30, 700).RateAt(60, 8000)
            .Run(90, now => Record(layers, source, now));
        CurvePlot.Write(scenario, $"drop-and-recover-seed{seed}", "Two simulcast videos: 8 Mbps, 700 kbps from 30 s to 60 s");

        Assert.InRange(First(layers, 0, sum => sum == 4), 0, 5);
        Assert.InRange(First(layers, 30, sum => sum <= 1), 0, 3);
        Assert.InRange(First(layers, 60, sum => sum == 4), 0, 10);
        Assert.InRange(scenario.QueueDelayP95(34, 60), 0, 150);
        Assert.Equal(4, layers[^1].Sum);

        // Calm: in the 26 s after the fall at most one excursion up and back.
        Assert.InRange(Changes(layers, 34, 60), 0, 2);
        Assert.Equal(0, Changes(layers, 72, 90));
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.05)]
    public void Random_loss_that_is_not_congestion_does_not_cost_layers(double loss)
    {
        var source = new LayeredSource(videos: 2, 5);
        var layers = new List<(double At, int Sum)>();
        LinkSettings link = Link(8000);
        link.Loss = loss;
        var scenario = new Scenario(link, seed: 5);
        scenario.AddFlow("layers", source);
        scenario.Run(60, now => Record(layers, source, now));
        CurvePlot.Write(scenario, $"random-loss-{loss * 100:0}", $"Two simulcast videos, 8 Mbps, {loss:0%} random loss");

        Assert.InRange(First(layers, 0, sum => sum == 4), 0, 8);
        Assert.Equal(0, Changes(layers, 20, 60));
    }

    [Theory]
    [InlineData(1, 0.0, 150, 40, 0.01)]
    [InlineData(2, 0.03, 300, 20, 0.0)]
    [InlineData(3, 0.10, 20, 10, 0.02)]
    [InlineData(4, 0.20, 50, 10, 0.02)]
    public void A_rough_path_keeps_some_video_and_never_builds_a_standing_queue(int seed, double loss, int delay, int jitter, double disorder)
    {
        var source = new LayeredSource(videos: 2, seed);
        var scenario = new Scenario(
            new LinkSettings
            {
                Rate = DataRate.FromKilobits(2500),
                Delay = TimeSpan.FromMilliseconds(delay),
                Queue = TimeSpan.FromMilliseconds(500),
                Jitter = TimeSpan.FromMilliseconds(jitter),
                Loss = loss,
                Reordering = disorder,
                Duplication = disorder,
            },
            seed: seed);
        scenario.AddFlow("layers", source);
        var layers = new List<(double At, int Sum)>();
        scenario.Run(60, now => Record(layers, source, now));
        CurvePlot.Write(scenario, $"rough-{seed}", $"2.5 Mbps, {delay} ms, jitter {jitter} ms, loss {loss:0%}, disorder {disorder:0%}");

        Assert.True(scenario.Between(20, 60).Average(s => s.Received[0]) > 300, "the flow was starved");
        Assert.InRange(scenario.QueueDelayP95(10, 60), 0, 200);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Looking_for_more_on_a_slow_path_holds_up_nothing(int seed)
    {
        var scenario = new Scenario(Link(260), seed: seed);
        scenario.AddFlow("layers", new LayeredSource(videos: 1, seed));
        scenario.Run(60);
        CurvePlot.Write(scenario, $"slow-path-seed{seed}", "A base layer and sound, 182 kbps, over 260 kbps: no room for more");

        // Larger probes, as used where there is room, would make it 98 to 115 ms.
        Assert.InRange(scenario.QueueDelayP95(10, 60), 0, 85);
    }

    [Fact]
    public void Lost_feedback_makes_it_careful_and_its_return_makes_it_whole()
    {
        var source = new LayeredSource(videos: 2, 7);
        var scenario = new Scenario(Link(8000), seed: 7);
        scenario.AddFlow("layers", source);
        scenario.At(20, () => scenario.Back.Settings.Loss = 1).At(25, () => scenario.Back.Settings.Loss = 0).Run(45);
        CurvePlot.Write(scenario, "feedback-lost", "No feedback from 20 s to 25 s");

        Assert.True(scenario.Between(24, 25).Average(s => s.Estimates[0]) < 1000);
        Assert.InRange(scenario.SecondsUntil(25, s => s.Received[0] > 2700), 0, 10);
    }

    [Fact]
    public void Estimating_allocates_nothing_for_a_packet()
    {
        var estimator = new Media.Congestion.BandwidthEstimator(Media.Congestion.BandwidthEstimatorOptions.Default, Scenario.Start);
        var pacer = new Media.Congestion.ProbePacer();
        Instant now = Scenario.Start;
        ushort sequence = 0;
        long Run(int feedbacks)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < feedbacks; i++)
            {
                ushort first = sequence;
                for (int packet = 0; packet < 10; packet++)
                {
                    now += TimeSpan.FromMilliseconds(5);
                    estimator.OnPacketSent(sequence++, 1200, pacer.CurrentCluster, now);
                    pacer.OnMediaSent(1200, now);
                }

                estimator.BeginFeedback(now);
                for (ushort number = first; number != sequence; number++)
                {
                    estimator.OnReceived(number, now.Microseconds + number * 5000L);
                }

                estimator.EndFeedback(now);
                if (estimator.TryTakeProbe(out Media.Congestion.ProbeCluster cluster))
                {
                    pacer.Start(cluster, now);
                }
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Run(50);
        Assert.Equal(0, Run(1000));
    }

    private static LinkSettings Link(double kilobits) => new()
    {
        Rate = DataRate.FromKilobits(kilobits),
        Delay = TimeSpan.FromMilliseconds(40),
        Queue = TimeSpan.FromMilliseconds(300),
        Jitter = TimeSpan.FromMilliseconds(10),
    };

    private static void Record(List<(double At, int Sum)> layers, LayeredSource source, Instant now)
    {
        int sum = source.Layers.Sum();
        if (layers.Count == 0 || layers[^1].Sum != sum)
        {
            layers.Add(((now - Scenario.Start).TotalSeconds, sum));
        }
    }

    private static double First(List<(double At, int Sum)> layers, double from, Func<int, bool> condition)
    {
        int state = layers.Last(entry => entry.At <= from).Sum;
        if (condition(state))
        {
            return 0;
        }

        foreach ((double at, int sum) in layers)
        {
            if (at >= from && condition(sum))
            {
                return at - from;
            }
        }

        return double.PositiveInfinity;
    }

    private static int Changes(List<(double At, int Sum)> layers, double from, double to) =>
        layers.Count(entry => entry.At >= from && entry.At < to);
}
