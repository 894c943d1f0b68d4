using BuildIt.Operator.Resources.Names;

namespace BuildIt.Operator.Resources.Tests.Names;

public sealed class ResourceNamesTests
{
    [Fact]
    public void Short_names_are_plain() => Assert.Equal("east-signal", ResourceNames.SignalService("east"));

    [Fact]
    public void Long_names_stay_labels_and_stay_apart()
    {
        var one = ResourceNames.SignalService(new string('a', 100) + "1");
        var two = ResourceNames.SignalService(new string('a', 100) + "2");

        Assert.Equal(63, one.Length);
        Assert.NotEqual(one, two);
        Assert.EndsWith("-signal", one, StringComparison.Ordinal);
    }
}
