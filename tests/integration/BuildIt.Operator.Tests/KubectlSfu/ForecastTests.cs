using BuildIt.KubectlSfu.Replay;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>The planner run ahead of time.</summary>
public sealed class ForecastTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public void A_quiet_fleet_stays_as_it_is() => Assert.Empty(Forecast.Of(Fleet(1, Pod("a", 10)), Now, Hour).Steps);

    [Fact]
    public void A_load_that_grows_makes_pods_that_start()
    {
        var forecast = Forecast.Of(WhatIf.WithLoad(Fleet(1, Pod("a", 30)), 3), Now, Hour);

        Assert.Equal(3, forecast.Pods);
        Assert.Equal(2, forecast.Steps.Count(step => step.What.StartsWith("Create ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_load_that_goes_makes_the_fleet_shrink_after_its_stabilization_and_never_below_its_minimum()
    {
        // Of a fleet that is seen for the first time, what there is counts as wanted until a whole window says otherwise.
        var forecast = Forecast.Of(WhatIf.WithLoad(Fleet(1, Pod("a", 30), Pod("b", 30), Pod("c", 30)), 0) with { Memory = null }, Now, Hour);
        var drains = forecast.Steps.Where(step => step.What.StartsWith("Drain ", StringComparison.Ordinal)).ToList();

        Assert.Equal((1, 2), (forecast.Pods, drains.Count));
        Assert.All(drains, step => Assert.True(step.After >= TimeSpan.FromMinutes(5), $"{step.After}"));
        Assert.Equal(2, forecast.Steps.Count(step => step.What.StartsWith("Delete ", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_a_pod_carried_goes_to_the_others_or_waits()
    {
        var without = WhatIf.Without(Fleet(2, Pod("a", 10), Pod("b", 20)), "a");
        Assert.Equal(30, Assert.Single(without.Instances).Load!.Value.Participants);

        var alone = WhatIf.Without(Fleet(1, Pod("a", 10)), "a");
        Assert.Equal([10], alone.Demand.PendingRooms);
        var forecast = Forecast.Of(alone, Now, Hour);
        Assert.Equal((1, 0), (forecast.Pods, forecast.Waiting));
    }

    [Fact]
    public void A_new_revision_replaces_every_pod_and_keeps_everybody_served()
    {
        var fleet = Fleet(2, Pod("a", 10), Pod("b", 10));
        var forecast = Forecast.Of(WhatIf.WithSpec(fleet, fleet.Spec with { Revision = "newer" }), Now, Hour);

        Assert.Equal(2, forecast.Pods);
        foreach (var pod in (string[])["a", "b"])
        {
            Assert.Contains(forecast.Steps, step => step.What == $"Drain {pod}");
            Assert.Contains(forecast.Steps, step => step.What == $"Delete {pod}");
        }
    }

    [Theory]
    [InlineData("x1.5", 1.5)]
    [InlineData("2", 2.0)]
    [InlineData("150%", 1.5)]
    [InlineData("x0", 0.0)]
    [InlineData("-1", null)]
    [InlineData("much", null)]
    [InlineData("", null)]
    public void A_factor_is_read_as_people_write_it(string text, double? factor) => Assert.Equal(factor, WhatIf.Factor(text));

    private static FleetObservation Fleet(int min, params InstanceObservation[] pods) => new()
    {
        Spec = new FleetSpec { Name = "east", Revision = "new", Min = min, Max = 10, Drain = new DrainPolicy { Deadline = TimeSpan.FromMinutes(1) } },
        Instances = pods,
        RegistryReachableSince = Now - Hour,
        Memory = new ScalingMemory { Desired = pods.Length },
        NameSeed = 1,
    };

    private static InstanceObservation Pod(string name, int people) => new()
    {
        Name = name,
        Revision = "new",
        CreatedAt = Now - Hour,
        ReadySince = Now - Hour,
        LastHeartbeat = Now,
        ProbeAnswered = true,
        AssignedRooms = 1,
        Load = new PodLoad(1, people, people, people, 0, 0, 0),
    };
}
