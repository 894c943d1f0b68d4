using BuildIt.Operator.Runtime.Reconciliation;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Reconciliation;

public sealed class ConditionsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void The_time_moves_only_with_the_status()
    {
        var first = Conditions.Set([], "Available", true, "Ready", "2 of 2 pods", 1, Start.AddSeconds(1.5));
        var second = Conditions.Set(first, "Available", true, "Ready", "3 of 3 pods", 2, Start.AddSeconds(60));
        var third = Conditions.Set(second, "Available", false, "TooFew", "0 of 3 pods", 2, Start.AddSeconds(90));

        Assert.Equal(Start.AddSeconds(1).UtcDateTime, first[0].LastTransitionTime);
        Assert.Equal((first[0].LastTransitionTime, "3 of 3 pods", 2L), (second[0].LastTransitionTime, second[0].Message, second[0].ObservedGeneration!.Value));
        Assert.Equal(Start.AddSeconds(90).UtcDateTime, third[0].LastTransitionTime);
        Assert.False(Conditions.IsTrue(third, "Available"));
    }

    [Fact]
    public void Others_stay_in_their_order()
    {
        IReadOnlyList<V1Condition> conditions = [];
        foreach (var type in (string[])["A", "B", "C", "B"])
        {
            conditions = Conditions.Set(conditions, type, null, "R", "m", 1, Start);
        }

        Assert.Equal(["A", "B", "C"], conditions.Select(c => c.Type));
        Assert.Equal("Unknown", Conditions.Find(conditions, "B")!.Status);
    }
}
