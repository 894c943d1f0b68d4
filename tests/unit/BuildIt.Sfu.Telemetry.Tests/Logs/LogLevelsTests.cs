using BuildIt.Sfu.Telemetry.Logs;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Telemetry.Tests.Logs;

public class LogLevelsTests
{
    [Theory]
    [InlineData("Debug", "Debug")]
    [InlineData(" debug ", "Debug")]
    [InlineData("Warning, BuildIt.Sfu.Node.Relays = trace,Microsoft=Information", "Warning,BuildIt.Sfu.Node.Relays=Trace,Microsoft=Information")]
    public void A_level_and_categories_are_read(string text, string expected)
    {
        Assert.True(LogLevels.TryParse(text, out var levels, out _));
        Assert.Equal(expected, levels.ToString());
        Assert.True(LogLevels.TryParse(levels.ToString(), out var again, out _));
        Assert.Equal(levels, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("loud")]
    [InlineData("2")]
    [InlineData("Debug,Microsoft")]
    [InlineData("Debug,=Trace")]
    [InlineData("Debug,Microsoft=loud")]
    [InlineData("BuildIt=Debug")]
    public void What_is_none_is_refused_with_what_would_be(string text)
    {
        Assert.False(LogLevels.TryParse(text, out var levels, out var problem));
        Assert.Equal(LogLevels.Default, levels);
        Assert.Contains("must", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_book_is_refused() => Assert.False(LogLevels.TryParse("Debug," + new string('x', LogLevels.MaxLength), out _, out _));

    [Theory]
    [InlineData("Debug", LogLevel.Warning)]
    [InlineData("Error", LogLevel.Error)]
    [InlineData("Debug,Microsoft=Trace", LogLevel.Trace)]
    public void Frameworks_say_what_is_wrong_unless_they_are_named(string text, LogLevel expected)
    {
        Assert.True(LogLevels.TryParse(text, out var levels, out _));
        Assert.Equal(expected, Assert.Single(levels.Categories, pair => pair.Key == "Microsoft").Value);
    }
}
