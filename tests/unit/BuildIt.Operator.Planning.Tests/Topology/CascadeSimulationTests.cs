using Xunit.Abstractions;

namespace BuildIt.Operator.Planning.Tests.Topology;

public sealed class CascadeSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 1_000;

    [Fact]
    public void A_tree_always_whatever_happens_and_calm_when_nothing_does()
    {
        var (changes, events, late) = (0L, 0L, 0L);
        var faults = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, Seeds, seed =>
        {
            var run = new CascadeSimulation(seed);
            try
            {
                run.Run();
            }
            catch (CascadeSimulation.InvariantException broken)
            {
                faults.Add($"seed {seed}: {broken.Message}");
            }

            Interlocked.Add(ref changes, run.Changes);
            Interlocked.Add(ref events, run.Events);
            Interlocked.Add(ref late, run.LateChanges);
            if (run.LateChanges > 0)
            {
                faults.Add($"seed {seed}: {run.LateChanges} changes after five minutes in which nothing happened");
            }

            // A pod that dies may take a seat, the parent of others, and its place: each gives a change.
            if (run.Changes > 3 * run.Events)
            {
                faults.Add($"seed {seed}: {run.Changes} changes for {run.Events} events");
            }
        });

        output.WriteLine($"{Seeds} seeds, {events} events, {changes} changes of seats, {late} of them when nothing had happened for five minutes");
        Assert.True(faults.IsEmpty, string.Join('\n', faults.Order(StringComparer.Ordinal).Take(20)));
    }
}
