using System.Globalization;

namespace BuildIt.Operator.Planning.Tests.Partitions;

/// <summary>No room is ever served to newcomers by two, whoever sees whom.</summary>
public sealed class PartitionSimulationTests
{
    /// <summary>Enough for every run; BUILDIT_PARTITION_SEEDS=400 and more for a change of what it is about.</summary>
    private static readonly int Seeds = int.Parse(Environment.GetEnvironmentVariable("BUILDIT_PARTITION_SEEDS") ?? "100", CultureInfo.InvariantCulture);

    [Fact]
    public void No_room_is_ever_served_to_newcomers_by_two()
    {
        var served = 0;
        var failovers = 0;
        Parallel.For(0, Seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var run = new PartitionRun(seed);
            run.Run();
            Interlocked.Add(ref served, run.Served);
            Interlocked.Add(ref failovers, run.Failovers);
        });

        // Nothing is shown by rooms that never move, or that nobody gets into.
        Assert.True(failovers > Seeds * 2, $"{failovers} failovers");
        Assert.True(served > Seeds * 1000, $"{served} newcomers got in");
    }
}
