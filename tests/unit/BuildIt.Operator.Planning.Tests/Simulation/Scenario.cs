using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>What a seed makes of a fleet.</summary>
internal static class Scenario
{
    public static FleetSpec Spec(Random random)
    {
        var min = random.Next(0, 4);
        return new FleetSpec
        {
            Name = "sim",
            Revision = "r1",
            Min = min,
            Max = min + random.Next(1, 12),
            Scaling = new ScalingPolicy
            {
                TargetUtilization = 0.5 + (random.NextDouble() * 0.4),
                Warm = random.Next(3) switch { 0 => new PodAmount(1), 1 => PodAmount.Percent(20), _ => default },
                Up = new ScalingBehavior
                {
                    StepInterval = TimeSpan.FromSeconds(5),
                    MaxStep = random.Next(2) == 0 ? PodAmount.Percent(100) : PodAmount.Unlimited,
                },
                Down = new ScalingBehavior
                {
                    Stabilization = TimeSpan.FromSeconds(random.Next(30, 90)),
                    MaxStep = new PodAmount(random.Next(1, 4)),
                    StepInterval = TimeSpan.FromSeconds(10),
                },
            },
            Drain = new DrainPolicy
            {
                Deadline = TimeSpan.FromSeconds(random.Next(20, 120)),
                Mode = random.Next(2) == 0 ? DrainMode.Migrate : DrainMode.Wait,
                MaxConcurrent = random.Next(1, 4),
            },
            Rollout = new RolloutPolicy
            {
                MaxSurge = new PodAmount(random.Next(0, 3)),
                CanaryPods = random.Next(3) == 0 ? 1 : 0,
                CanaryPause = TimeSpan.FromSeconds(30),
            },
        };
    }
}
