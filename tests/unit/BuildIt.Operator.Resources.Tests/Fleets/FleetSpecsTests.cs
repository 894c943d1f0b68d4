using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Fleets;

namespace BuildIt.Operator.Resources.Tests.Fleets;

public sealed class FleetSpecsTests
{
    [Fact]
    public void Defaults_are_the_contracts()
    {
        var spec = FleetSpecs.From(Given.Cluster(), "rev");

        Assert.Equal(("east", "rev", 1, 10, false, false), (spec.Name, spec.Revision, spec.Min, spec.Max, spec.Paused, spec.Deleting));
        Assert.Null(spec.ManualReplicas);
        Assert.Equal(PodCapacity.Default, spec.Capacity);
        Assert.Equal(6, spec.Scaling.Metrics.Count);
        Assert.Equal(TimeSpan.FromMinutes(5), spec.Scaling.Down.Stabilization);
        Assert.Equal(new PodAmount(1), spec.Scaling.Down.MaxStep);
        Assert.Equal(PodAmount.Percent(100), spec.Scaling.Up.MaxStep);
        Assert.Equal(PodAmount.Percent(25), spec.Rollout.MaxSurge);
        Assert.Equal(TimeSpan.FromMinutes(10), spec.Drain.Deadline);
    }

    [Fact]
    public void What_is_written_is_what_is_planned()
    {
        var cluster = Given.With(spec => spec with
        {
            Paused = true,
            Replicas = new ReplicasSpec { Min = 2, Max = 20, Desired = 5 },
            Autoscaling = new AutoscalingSpec { Metrics = [Api.LoadMetric.Egress], Warm = "10%", TargetUtilization = 0.5 },
            Drain = new DrainSpec { Mode = Api.DrainMode.Wait, Deadline = "1h", MaxConcurrent = 3 },
            Rollout = new RolloutSpec { Canary = new CanarySpec { Pods = 2, Pause = "3m" } },
        });
        cluster.Metadata.DeletionTimestamp = Given.Now.UtcDateTime;

        var spec = FleetSpecs.From(cluster, "rev");

        Assert.Equal((2, 20, 5, true, true), (spec.Min, spec.Max, spec.ManualReplicas, spec.Paused, spec.Deleting));
        Assert.Equal([Planning.Model.LoadMetric.Egress], spec.Scaling.Metrics);
        Assert.Equal(PodAmount.Percent(10), spec.Scaling.Warm);
        Assert.Equal((Planning.Model.DrainMode.Wait, TimeSpan.FromHours(1), 3), (spec.Drain.Mode, spec.Drain.Deadline, spec.Drain.MaxConcurrent));
        Assert.Equal((2, TimeSpan.FromMinutes(3)), (spec.Rollout.CanaryPods, spec.Rollout.CanaryPause));
    }

    [Fact]
    public void Every_measure_has_its_counterpart()
    {
        foreach (var metric in Enum.GetValues<Api.LoadMetric>())
        {
            var cluster = Given.With(spec => spec with { Autoscaling = new AutoscalingSpec { Metrics = [metric] } });

            Assert.Equal(metric.ToString(), Assert.Single(FleetSpecs.From(cluster, "r").Scaling.Metrics).ToString());
        }
    }
}
