using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Tests.Network;

namespace BuildIt.Sfu.Media.Tests.Congestion;

/// <summary>
/// The basic test cases of RFC 8867 in virtual time: paths of section 4.1 (50 ms one way, 300 ms tail-drop queue, 30 ms
/// jitter) and sources of 150 kbps to 1.5 Mbps. Every run draws its curves into artifacts/congestion.
/// </summary>
public sealed class Rfc8867Tests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Section_5_1_variable_capacity_with_one_flow(int seed)
    {
        var scenario = new Scenario(Path(1000), seed: seed);
        scenario.AddFlow("flow", Source(seed, 2500));
        scenario.RateAt(40, 2500).RateAt(60, 600).RateAt(80, 1000).Run(100);
        CurvePlot.Write(scenario, $"rfc8867-5.1-seed{seed}", "RFC 8867 5.1: variable capacity, one flow");

        Assert.InRange(scenario.SecondsUntil(0, s => s.Received[0] > 750), 0, 5);
        Assert.InRange(scenario.SecondsUntil(40, s => s.Received[0] > 1900), 0, 10);
        Assert.InRange(scenario.SecondsUntil(60, s => s.Estimates[0] < 600), 0, 3);
        Assert.InRange(scenario.SecondsUntil(80, s => s.Received[0] > 750), 0, 10);
        Assert.InRange(scenario.Utilisation(10, 40), 0.75, 1.02);
        Assert.InRange(scenario.Utilisation(50, 60), 0.7, 1.02);
        Assert.InRange(scenario.Utilisation(65, 80), 0.7, 1.02);
        Assert.InRange(scenario.QueueDelayP95(5, 40), 0, 120);
        Assert.InRange(scenario.QueueDelayP95(63, 80), 0, 150);
    }

    [Fact]
    public void Section_5_2_variable_capacity_with_two_flows()
    {
        var scenario = new Scenario(Path(4000));
        scenario.AddFlow("first", Source(1));
        scenario.AddFlow("second", Source(2));
        scenario.RateAt(25, 2000).RateAt(50, 3500).RateAt(75, 1000).RateAt(100, 2000).Run(125);
        CurvePlot.Write(scenario, "rfc8867-5.2", "RFC 8867 5.2: variable capacity, two flows");

        Assert.InRange(scenario.Utilisation(30, 50), 0.7, 1.02);
        Assert.InRange(scenario.Utilisation(80, 100), 0.65, 1.02);
        Assert.InRange(scenario.SecondsUntil(75, s => s.Estimates.Sum() < 1050), 0, 3);
        Assert.InRange(Fairness(scenario, 35, 50), 0.8, 1);
        Assert.InRange(Fairness(scenario, 85, 100), 0.8, 1);
    }

    [Fact]
    public void Section_5_3_congested_feedback_with_flows_both_ways()
    {
        var scenario = new Scenario(Path(2000), Path(2000));
        scenario.AddFlow("forward", Source(1));

        // The other direction's media shares the way back with our feedback.
        var backward = new MediaFlow("backward", Source(2), scenario.Back, scenario.Forward, Scenario.Start);
        scenario.RateAt(20, 1000).RateAt(40, 500).RateAt(60, 2000)
            .At(35, () => scenario.Back.Settings.Rate = DataRate.FromKilobits(800))
            .At(70, () => scenario.Back.Settings.Rate = DataRate.FromKilobits(2000))
            .Run(100, backward.Tick);
        CurvePlot.Write(scenario, "rfc8867-5.3", "RFC 8867 5.3: congested feedback, media both ways");

        Assert.InRange(scenario.Utilisation(5, 20), 0.55, 1.02);
        Assert.InRange(scenario.Utilisation(25, 40), 0.6, 1.02);
        Assert.InRange(scenario.Utilisation(45, 60), 0.6, 1.02);
        Assert.InRange(scenario.SecondsUntil(60, s => s.Received[0] > 1000), 0, 12);
    }

    [Fact]
    public void Section_5_4_three_flows_join_one_after_another()
    {
        var scenario = new Scenario(Path(3500));
        scenario.AddFlow("first", Source(1));
        scenario.AddFlow("second", Source(2), startSeconds: 20);
        scenario.AddFlow("third", Source(3), startSeconds: 40);
        scenario.Run(120);
        CurvePlot.Write(scenario, "rfc8867-5.4", "RFC 8867 5.4: competing flows of the same kind");

        Assert.InRange(scenario.Utilisation(60, 120), 0.75, 1.02);
        Assert.InRange(Fairness(scenario, 80, 120), 0.8, 1);
        Assert.InRange(scenario.QueueDelayP95(60, 120), 0, 200);
    }

    [Fact]
    public void Section_5_5_flows_with_different_round_trips()
    {
        var scenario = new Scenario(new LinkSettings
        {
            Rate = DataRate.FromKilobits(4000),
            Delay = TimeSpan.FromMilliseconds(10),
            Queue = TimeSpan.FromMilliseconds(300),
        });
        double[] delays = [0, 15, 40, 90, 140];
        for (int i = 0; i < delays.Length; i++)
        {
            scenario.AddFlow($"{10 + delays[i]} ms", Source(i), startSeconds: 10 * i, accessDelayMilliseconds: delays[i]);
        }

        scenario.Run(150);
        CurvePlot.Write(scenario, "rfc8867-5.5", "RFC 8867 5.5: round-trip fairness");

        Assert.InRange(scenario.Utilisation(70, 150), 0.75, 1.02);
        Assert.InRange(Fairness(scenario, 90, 150), 0.65, 1);
        Assert.All(Enumerable.Range(0, 5), flow => Assert.True(scenario.Between(90, 150).Average(s => s.Received[flow]) > 250));
    }

    [Fact]
    public void Section_5_6_one_flow_beside_a_long_tcp_transfer()
    {
        var scenario = new Scenario(Path(2000));
        scenario.AddFlow("media", Source(1));
        scenario.TcpFlows.Add(new TcpFlow(scenario.Forward, Scenario.Start + TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(50)));
        scenario.Run(120);
        CurvePlot.Write(scenario, "rfc8867-5.6", "RFC 8867 5.6: one flow beside a long TCP transfer");

        // Delay-based control yields to a loss-based one that keeps the queue full; it must not be starved.
        Assert.True(scenario.Between(30, 120).Average(s => s.Received[0]) > 250);
        Assert.InRange(scenario.Utilisation(20, 120), 0.9, 1.05);
    }

    [Fact]
    public void Section_5_8_a_flow_pauses_and_comes_back()
    {
        var scenario = new Scenario(Path(3500));
        AdaptiveSource pausing = Source(1);
        scenario.AddFlow("pausing", pausing);
        scenario.AddFlow("second", Source(2));
        scenario.AddFlow("third", Source(3));
        scenario.At(40, () => pausing.Paused = true).At(60, () => pausing.Paused = false).Run(120);
        CurvePlot.Write(scenario, "rfc8867-5.8", "RFC 8867 5.8: media pause and resume");

        Assert.InRange(scenario.SecondsUntil(60, s => s.Received[0] > 600), 0, 10);
        Assert.InRange(Fairness(scenario, 80, 120), 0.75, 1);
        Assert.InRange(scenario.Utilisation(45, 60), 0.6, 1.02);
    }

    private static LinkSettings Path(double kilobits) => new()
    {
        Rate = DataRate.FromKilobits(kilobits),
        Delay = TimeSpan.FromMilliseconds(50),
        Queue = TimeSpan.FromMilliseconds(300),
        Jitter = TimeSpan.FromMilliseconds(30),
    };

    private static AdaptiveSource Source(int seed, double maxKilobits = 1500) =>
        new(DataRate.FromKilobits(150), DataRate.FromKilobits(maxKilobits), seed);

    /// <summary>Jain's index over the flows' mean rates: 1 when all get the same.</summary>
    private static double Fairness(Scenario scenario, double from, double to)
    {
        double[] means = [.. Enumerable.Range(0, scenario.Flows.Count).Select(flow => scenario.Between(from, to).Average(s => s.Received[flow]))];
        return means.Sum() * means.Sum() / (means.Length * means.Sum(mean => mean * mean));
    }
}
