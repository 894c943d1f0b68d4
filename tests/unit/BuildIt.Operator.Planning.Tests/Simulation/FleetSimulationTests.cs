using System.Text;

namespace BuildIt.Operator.Planning.Tests.Simulation;

public sealed class FleetSimulationTests
{
    private const int Seeds = 1_200;
    private const int GoldenSeed = 42;

    /// <summary>Every seed is a fleet of its own: load, failures, late information, crashes; see <see cref="Invariants"/>.</summary>
    [Fact]
    public void Invariants_hold_for_every_seed() =>
        Parallel.For(0, Seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, Run);

    [Fact]
    public void The_story_of_one_seed_is_the_golden_one()
    {
        var log = new StringBuilder();
        new SimulationRun(GoldenSeed, log).Run();

        var path = Path.Combine(Repository.Folder("tests/unit/BuildIt.Operator.Planning.Tests/Simulation"), $"seed-{GoldenSeed}.log");
        if (Environment.GetEnvironmentVariable("BUILDIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, log.ToString());
        }

        Assert.Equal(File.ReadAllText(path), log.ToString());
    }

    [Fact]
    public void The_same_seed_tells_the_same_story()
    {
        var first = new StringBuilder();
        var second = new StringBuilder();

        new SimulationRun(7, first).Run();
        new SimulationRun(7, second).Run();

        Assert.NotEqual(0, first.Length);
        Assert.Equal(first.ToString(), second.ToString());
    }

    // A seed that fails is run once more for its story, of which the end is told.
    private static void Run(int seed)
    {
        try
        {
            new SimulationRun(seed).Run();
        }
        catch (Exception failure)
        {
            var log = new StringBuilder();
            Assert.ThrowsAny<Exception>(() => new SimulationRun(seed, log).Run());
            Assert.Fail(failure.Message + "\n" + string.Join('\n', log.ToString().Split('\n').TakeLast(12)));
        }
    }
}
