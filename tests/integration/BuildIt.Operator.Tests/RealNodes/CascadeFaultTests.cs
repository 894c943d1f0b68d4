using System.Diagnostics;
using System.Globalization;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Rooms;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// A call over three regions loses a pod, a link, its packets, its registry or its operator, and comes back: everybody sees and hears
/// everybody, all nodes know the same members. How long media stood still is printed and not asserted; "make cascade-faults" makes each
/// ten times.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class CascadeFaultTests(OperatorFixture fixture, ITestOutputHelper output)
{
    private const string Variable = "BUILDIT_CASCADE_FAULTS";

    /// <summary>A part of the name of the only fault to be made; all when it is not set.</summary>
    private const string OnlyVariable = "BUILDIT_CASCADE_FAULT";

    private const int Pods = 2;
    private const int PeopleInEach = 2;

    /// <summary>How long a fault lasts that ends by itself.</summary>
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(10);

    /// <summary>All flows have to go on for so long without a gap before the next fault.</summary>
    private static readonly TimeSpan WithoutGap = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What those may lose at most whose pods live.</summary>
    private static readonly TimeSpan Bearable = TimeSpan.FromSeconds(1);

    /// <summary>How often each fault is made.</summary>
    private static int Times => MeasurementFactAttribute.Times(Variable);

    private static TimeSpan Partition => Times > 1 ? TimeSpan.FromSeconds(60) : Lasts;

    [MeasurementFact(Variable, "cascade-faults", needsRoot: true)]
    public async Task A_call_over_three_regions_survives_what_happens_to_it()
    {
        await using var regions = await Regions.MeetAsync(fixture, Pods, PeopleInEach, "us", "eu", "ap");
        await using var gaps = MediaGaps.Watch(regions.Attendees, TimeSpan.FromMilliseconds(10));
        await UntilWithoutGapAsync(regions, gaps);

        await EachAsync(regions, gaps, "edge killed", async () => await KillAsync((await regions.EdgeAsync()).Edge));
        await EachAsync(regions, gaps, "origin killed", async () => await KillAsync(await regions.OriginAsync()));
        await EachAsync(regions, gaps, "link cut, there is another way", async () =>
        {
            var (edge, parent) = await regions.EdgeAsync();
            return await CutAsync(regions, [edge], [parent]);
        });
        await EachAsync(regions, gaps, "region cut off, for a while", async () =>
        {
            var (edge, _) = await regions.EdgeAsync();
            return await CutAsync(regions, regions.Nodes.Where(node => node.Cluster == edge.Cluster), regions.Nodes.Where(node => node.Cluster != edge.Cluster), Partition);
        });
        await EachAsync(regions, gaps, "5 % of the packets of links lost", async () =>
        {
            await using var path = new PathBetween();
            var nodes = regions.Nodes.ToList();
            for (var i = 0; i < nodes.Count; i++)
            {
                await path.LoseAsync([nodes[i]], nodes.Skip(i + 1), 0.05);
            }

            await Task.Delay(Lasts);
            return new Fault(gap => RegionOf(gap.To) != RegionOf(gap.Flow.From));
        });
        await EachAsync(regions, gaps, "Redis of a region wiped", async () =>
        {
            await regions.WipeRegistryAsync((await regions.EdgeAsync()).Edge.Cluster);
            return Fault.OfNobody;
        });
        await EachAsync(regions, gaps, "operator away", async () =>
        {
            regions.Fleet.KillOperator();
            await Task.Delay(Lasts);
            await regions.Fleet.ExpireLeaseAsync();
            await regions.Fleet.StartOperatorAsync();
            return Fault.OfNobody;
        });
        Assert.All(regions.People, person => Assert.Null(person.Fault));
    }

    private async Task EachAsync(Regions regions, MediaGaps gaps, string what, Func<Task<Fault>> make)
    {
        if (Environment.GetEnvironmentVariable(OnlyVariable) is { } only && !what.Contains(only, StringComparison.Ordinal))
        {
            return;
        }

        var living = new List<double>();
        var others = new List<double>();
        for (var time = 0; time < Times; time++)
        {
            var returns = regions.People.Sum(person => person.TimesReturned);
            gaps.Clear();
            var fault = await make();
            await UntilWithoutGapAsync(regions, gaps, what);
            var longest = gaps.Longest();
            var returned = regions.People.Sum(person => person.TimesReturned) - returns;
            living.Add(longest.Where(gap => !fault.Concerns(gap)).Max(gap => gap.Length.TotalMilliseconds));
            others.Add(longest.Where(fault.Concerns).Select(gap => gap.Length.TotalMilliseconds).DefaultIfEmpty(0).Max());
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} {time + 1}: {living[^1]:0} ms without media for those not concerned, {others[^1]:0} ms for those who are; longest: {longest.MaxBy(gap => gap.Length)}; {returned} joined anew; looked every {gaps.SlowestLook.TotalMilliseconds:0} ms at least"));
            if (living[^1] > Bearable.TotalMilliseconds || (fault == Fault.OfNobody && returned > 0))
            {
                output.WriteLine(await regions.DescribeAsync());
            }

            await regions.ReleaseAsync();
            if (fault.Path is not null)
            {
                await fault.Path.DisposeAsync();
                await UntilWithoutGapAsync(regions, gaps, what);
            }
        }

        output.WriteLine($"{what}, {Times} times: not concerned {Summary(living)}, concerned {Summary(others)}");
    }

    /// <summary>Waits until everybody sees and hears everybody, and everything is as it should be.</summary>
    private static async Task UntilWithoutGapAsync(Regions regions, MediaGaps gaps, string what = "at first")
    {
        var since = Stopwatch.GetTimestamp();
        var unbroken = since;
        while (Stopwatch.GetElapsedTime(unbroken) < WithoutGap)
        {
            if (gaps.Still() is { Count: > 0 } still)
            {
                unbroken = Stopwatch.GetTimestamp();
                Assert.True(
                    Stopwatch.GetElapsedTime(since) < Patience,
                    $"{what}: still lacks {string.Join(", ", still)}; the slowest look took {gaps.SlowestLook}\n{await regions.DescribeAsync()}");
            }

            await Task.Delay(50);
        }

        await regions.SettledAsync();
        await regions.AgreeAsync();
    }

    private static async Task<Fault> KillAsync(NodeProcess node)
    {
        await node.KillAsync();
        return new Fault(gap => RegionOf(gap.To) == node.Cluster || RegionOf(gap.Flow.From) == node.Cluster);
    }

    private static async Task<Fault> CutAsync(Regions regions, IEnumerable<NodeProcess> one, IEnumerable<NodeProcess> other, TimeSpan? lasts = null)
    {
        var (near, far) = (one.ToList(), other.ToList());
        var path = new PathBetween();
        await path.LoseAsync(near, far);
        if (lasts is { } time)
        {
            await Task.Delay(time);
            await path.DisposeAsync();
        }

        return new Fault(gap => (RegionOf(gap.To) == near[0].Cluster) != (RegionOf(gap.Flow.From) == near[0].Cluster), path);
    }

    private static string RegionOf(string identity) => identity[..identity.IndexOf('-', StringComparison.Ordinal)];

    private static string Summary(List<double> milliseconds)
    {
        var ordered = milliseconds.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"median {ordered[ordered.Count / 2]:0} ms, longest {ordered[^1]:0} ms");
    }

    /// <summary>Something that went wrong.</summary>
    /// <param name="Concerns">Which flows went through what is gone.</param>
    /// <param name="Path">What is still to be mended.</param>
    private sealed record Fault(Func<MediaGap, bool> Concerns, PathBetween? Path = null)
    {
        public static readonly Fault OfNobody = new(_ => false);
    }
}
