using System.Reflection;

namespace BuildIt.Sfu.Contracts.Tests;

public sealed class NodeEnvironmentTests
{
    [Fact]
    public void Names_are_distinct_and_carry_the_prefix()
    {
        var names = typeof(NodeEnvironment)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.Name != nameof(NodeEnvironment.Prefix))
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches("^BUILDIT_[A-Z_]+$", name));
        Assert.Equal(names.Count, names.Distinct().Count());
    }
}
