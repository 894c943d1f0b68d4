using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>README.md says why each package is here, and names nothing that is not.</summary>
public partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Solution.Root.FullName, "README.md"));

    [Fact]
    public void Every_package_has_its_reason()
    {
        var packages = PackageVersion().Matches(File.ReadAllText(Path.Combine(Solution.Root.FullName, "Directory.Packages.props"))).Select(match => match.Groups[1].Value);
        var explained = Rows().SelectMany(row => row.Split(", ")).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(explained);
        Assert.Equal(packages.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_link_leads_somewhere() =>
        Assert.All(Link().Matches(Readme).Select(match => match.Groups[1].Value), path => Assert.True(Path.Exists(Path.Combine(Solution.Root.FullName, path)), path));

    [Fact]
    public void The_quick_start_is_the_file_that_tests_run_and_has_thirty_lines_at_most()
    {
        var file = File.ReadAllText(Path.Combine(Solution.Root.FullName, "examples", "quick-start.ts"));
        Assert.Contains($"```ts\n{file}```\n", Readme, StringComparison.Ordinal);
        Assert.InRange(file.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 30);
    }

    /// <summary>The first column of the table of dependencies.</summary>
    private static IEnumerable<string> Rows() =>
        from line in Readme[Readme.IndexOf("## Dependencies", StringComparison.Ordinal)..].Split('\n').SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.StartsWith('|'))
        select line.Split('|')[1].Trim();

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"\]\(([^):#]+)\)")]
    private static partial Regex Link();
}
