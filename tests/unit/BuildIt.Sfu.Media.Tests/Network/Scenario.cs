using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>Runs flows over a link in virtual time and keeps the curves.</summary>
public sealed class Scenario
{
    private static readonly TimeSpan Step = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(100);

    private readonly List<(TimeSpan At, Action Change)> _changes = [];

    public Scenario(LinkSettings forward, LinkSettings? back = null, int seed = 1)
    {
        Forward = new EmulatedLink(forward, seed);
        Back = new EmulatedLink(back ?? new LinkSettings { Rate = DataRate.FromMegabits(100), Delay = forward.Delay }, seed + 1);
    }

    /// <summary>An hour on the clock, so that nothing depends on starting from zero.</summary>
    public static Instant Start { get; } = Instant.Zero + TimeSpan.FromHours(1);

    public EmulatedLink Forward { get; }

    public EmulatedLink Back { get; }

    public List<MediaFlow> Flows { get; } = [];

    public List<TcpFlow> TcpFlows { get; } = [];

    public List<Sample> Samples { get; } = [];

    public Scenario At(double seconds, Action change)
    {
        _changes.Add((TimeSpan.FromSeconds(seconds), change));
        return this;
    }

    /// <summary>Sets the forward link's rate at a time.</summary>
    public Scenario RateAt(double seconds, double kilobits) =>
        At(seconds, () => Forward.Settings.Rate = DataRate.FromKilobits(kilobits));

    public MediaFlow AddFlow(string name, IFrameSource source, double startSeconds = 0, double accessDelayMilliseconds = 0)
    {
        var flow = new MediaFlow(name, source, Forward, Back, Start + TimeSpan.FromSeconds(startSeconds))
        {
            AccessDelay = TimeSpan.FromMilliseconds(accessDelayMilliseconds),
        };
        Flows.Add(flow);
        return flow;
    }

    public Scenario Run(double seconds, Action<Instant>? onTick = null)
    {
        Instant end = Start + TimeSpan.FromSeconds(seconds);
        Instant nextSample = Start;
        var changes = new Queue<(TimeSpan At, Action Change)>(_changes.OrderBy(change => change.At));
        for (Instant now = Start; now < end; now += Step)
        {
            while (changes.TryPeek(out (TimeSpan At, Action Change) change) && Start + change.At <= now)
            {
                changes.Dequeue();
                change.Change();
            }

            Forward.Advance(now);
            Back.Advance(now);
            foreach (MediaFlow flow in Flows)
            {
                flow.Tick(now);
            }

            foreach (TcpFlow flow in TcpFlows)
            {
                flow.Tick(now);
            }

            onTick?.Invoke(now);
            if (now >= nextSample)
            {
                nextSample = now + SampleInterval;
                Samples.Add(new Sample(
                    (now - Start).TotalSeconds,
                    Forward.Settings.Rate.KilobitsPerSecond,
                    [.. Flows.Select(flow => flow.Receiver.RateAt(now).KilobitsPerSecond), .. TcpFlows.Select(flow => flow.RateAt(now).KilobitsPerSecond)],
                    [.. Flows.Select(flow => flow.Estimator.Estimate.KilobitsPerSecond)],
                    Forward.QueueDelay.TotalMilliseconds));
            }
        }

        return this;
    }

    public IEnumerable<Sample> Between(double from, double to) => Samples.Where(s => s.Seconds >= from && s.Seconds < to);

    /// <summary>Received over offered capacity in a span of time.</summary>
    public double Utilisation(double from, double to) => Between(from, to).Average(s => s.Received.Sum() / s.Capacity);

    /// <summary>The queue's delay that 95 % of the time was not exceeded, in milliseconds.</summary>
    public double QueueDelayP95(double from, double to)
    {
        double[] sorted = [.. Between(from, to).Select(s => s.QueueMilliseconds).Order()];
        return sorted[(int)(sorted.Length * 0.95)];
    }

    /// <summary>First moment after <paramref name="from"/> when the condition holds, in seconds since then; infinite when never.</summary>
    public double SecondsUntil(double from, Func<Sample, bool> condition)
    {
        Sample? found = Samples.FirstOrDefault(s => s.Seconds >= from && condition(s));
        return found is null ? double.PositiveInfinity : found.Seconds - from;
    }

    public sealed record Sample(double Seconds, double Capacity, double[] Received, double[] Estimates, double QueueMilliseconds);
}
