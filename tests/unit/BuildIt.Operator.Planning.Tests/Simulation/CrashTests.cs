using BuildIt.Operator.Planning.Fleet;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>The operator is killed after each number of actions of a plan in turn, and forgets everything.</summary>
public sealed class CrashTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Every_crash_point_leads_to_the_same_fleet(int seed)
    {
        var whole = Final(seed, crashAfter: null, out var actions);
        Assert.True(actions > 1, $"seed {seed}: the plan is too small to be cut");

        for (var cut = 0; cut <= actions; cut++)
        {
            Assert.Equal(whole, Final(seed, cut, out _));
        }
    }

    // A fleet that has to grow, is being rolled out, has a dead pod and one on a cordoned node, all at once.
    private static (int Pods, int Current, int Draining) Final(int seed, int? crashAfter, out int actions)
    {
        var fleet = new SimulatedFleet(seed);
        fleet.Spec = fleet.Spec with { Min = 4, Max = 8, ManualReplicas = null };
        Run(fleet, 40);
        fleet.Spec = fleet.Spec with { Revision = "r2", Min = 6 };
        fleet.Pods[0].KilledAt = fleet.Now;
        fleet.Pods[1].Cordoned = true;
        Wait(fleet, 8);

        var decision = FleetPlanner.Plan(fleet.Observe(), fleet.Now);
        actions = decision.Actions.Count;
        fleet.Apply(decision, crashAfter ?? int.MaxValue);
        fleet.Memory = crashAfter is null ? decision.Memory : null;
        Run(fleet, 600);
        return (fleet.Pods.Count, fleet.Pods.Count(pod => pod.Revision == "r2"), fleet.Pods.Count(pod => pod.DrainStartedAt is not null));
    }

    private static void Run(SimulatedFleet fleet, int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            fleet.Pass();
            var decision = FleetPlanner.Plan(fleet.Observe(), fleet.Now);
            fleet.Memory = decision.Memory;
            fleet.Apply(decision);
            var serving = fleet.Pods.Count(pod => pod.DrainStartedAt is null && pod.IsAlive);
            Assert.True(serving <= fleet.Spec.Max + fleet.Spec.Rollout.SurgeOver(fleet.Spec.Max), $"{serving} pods are more than allowed");
        }
    }

    private static void Wait(SimulatedFleet fleet, int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            fleet.Pass();
        }
    }
}
