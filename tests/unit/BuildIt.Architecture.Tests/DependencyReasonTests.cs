using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>docs/dependencies.md says why each package is here, and names nothing that is not.</summary>
public partial class DependencyReasonTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Solution.Root.FullName, "docs", "dependencies.md"));

    [Fact]
    public void Every_package_has_its_reason()
    {
        var packages = PackageVersion().Matches(File.ReadAllText(Path.Combine(Solution.Root.FullName, "Directory.Packages.props"))).Select(match => match.Groups[1].Value);
        var explained = Rows().SelectMany(row => row.Split(", ")).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(explained);
        Assert.Equal(packages.Order(StringComparer.Ordinal), explained.Order(StringComparer.Ordinal));
    }

    /// <summary>The first column of the table of dependencies.</summary>
    private static IEnumerable<string> Rows() =>
        from line in Page.Split('\n').SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(line => line.StartsWith('|'))
        select line.Split('|')[1].Trim();

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\"")]
    private static partial Regex PackageVersion();
}
