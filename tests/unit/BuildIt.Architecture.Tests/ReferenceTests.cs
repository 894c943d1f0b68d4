namespace BuildIt.Architecture.Tests;

/// <summary>Who may reference whom. A project missing from the table fails, so that each new one is placed on purpose.</summary>
public class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["BuildIt.Operator.Api"] = ["BuildIt.Sfu.Contracts"],
        ["BuildIt.Operator.Planning"] = [],
        ["BuildIt.Operator.Resources"] = ["BuildIt.Operator.Api", "BuildIt.Operator.Planning", "BuildIt.Sfu.Contracts"],
        ["BuildIt.Operator.Runtime"] = [],
        ["BuildIt.Operator"] =
        [
            "BuildIt.Operator.Api", "BuildIt.Operator.Planning", "BuildIt.Operator.Resources", "BuildIt.Operator.Runtime", "BuildIt.Sfu.Contracts",
            "BuildIt.Sfu.Telemetry",
        ],
        ["BuildIt.Operator.CrdGen"] = ["BuildIt.Operator.Api"],
        ["BuildIt.RoomApi"] = ["BuildIt.Operator.Api", "BuildIt.Sfu.Contracts", "BuildIt.Sfu.Telemetry"],
        ["BuildIt.Sfu.Contracts"] = [],
        ["BuildIt.Sfu.Telemetry"] = [],
        ["BuildIt.Sfu.Media"] = [],
        ["BuildIt.Sfu.Crypto"] = ["BuildIt.Sfu.Media"],
        ["BuildIt.Sfu.Net"] = ["BuildIt.Sfu.Media"],
        ["BuildIt.Sfu.Signaling"] = ["BuildIt.Sfu.Media", "BuildIt.Sfu.Telemetry"],
        ["BuildIt.Sfu.Node"] =
        [
            "BuildIt.Sfu.Media", "BuildIt.Sfu.Crypto", "BuildIt.Sfu.Net", "BuildIt.Sfu.Signaling", "BuildIt.Sfu.Contracts",
            "BuildIt.Sfu.Telemetry",
        ],
    };

    private static readonly string[] PackageFree = ["BuildIt.Operator.Planning", "BuildIt.Sfu.Media", "BuildIt.Sfu.Contracts", "BuildIt.Sfu.Net"];

    public static TheoryData<string> ProductProjects => [.. Solution.Product.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(ProductProjects))]
    public void Project_references_only_what_the_architecture_allows(string name)
    {
        Assert.True(Allowed.TryGetValue(name, out var allowed), $"{name} is not in the table: decide what it may reference.");
        var project = Solution.Product.Single(p => p.Name == name);
        Assert.Empty(project.References.Except(allowed));
    }

    [Fact]
    public void Table_has_no_project_that_is_gone() => Assert.Empty(Allowed.Keys.Except(Solution.Product.Select(p => p.Name)));

    [Fact]
    public void Pure_projects_have_no_packages()
    {
        foreach (var project in Solution.Product.Where(p => PackageFree.Contains(p.Name)))
        {
            Assert.Empty(project.Packages);
        }
    }

    [Theory]
    [InlineData("BuildIt.Sfu.Media")]
    [InlineData("BuildIt.Operator.Planning")]
    public void Pure_projects_ban_clock_and_chance(string name) =>
        Assert.Contains("<BuildItPure>true</BuildItPure>", Solution.Projects.Single(p => p.Name == name).Text, StringComparison.Ordinal);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Solution.Root.FullName, "BuildIt.Operator.sln"));
        Assert.Empty(Solution.Projects.Where(p => !solution.Contains($"{p.Name}.csproj", StringComparison.Ordinal)).Select(p => p.Name));
    }

    [Fact]
    public void Versions_are_central() =>
        Assert.Empty(Solution.Projects.Where(p => p.Text.Contains("Version=\"", StringComparison.Ordinal)).Select(p => p.Name));
}
