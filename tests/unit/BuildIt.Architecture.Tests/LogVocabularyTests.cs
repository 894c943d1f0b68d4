using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>docs/logs.md explains every field that a process logs.</summary>
public partial class LogVocabularyTests
{
    [Fact]
    public void Every_field_is_explained()
    {
        var explained = File.ReadLines(Path.Combine(Solution.Root.FullName, "docs", "logs.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal)).SelectMany(line => Word().Matches(line.Split('|')[1]).Select(match => match.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);
        var logged = Solution.Product.SelectMany(project => Directory.EnumerateFiles(Path.GetDirectoryName(project.Path)!, "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(path => Message().Matches(File.ReadAllText(path)))
            .SelectMany(message => Field().Matches(message.Groups[1].Value).Select(field => field.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);

        Assert.NotEmpty(logged);
        Assert.Empty(logged.Except(explained).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Word();

    [GeneratedRegex(@"LoggerMessage\([^)""]*?Message\s*=\s*((?:""(?:[^""\\]|\\.)*""(?:\s*\+\s*)?)+)")]
    private static partial Regex Message();

    [GeneratedRegex(@"\{(\w+)(?::[^}]*)?\}")]
    private static partial Regex Field();
}
