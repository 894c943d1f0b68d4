using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>docs/architecture.md names types and files of the sources, and nothing that is gone.</summary>
public partial class ArchitecturePageTests
{
    /// <summary>Readers of the source want a map, not a second source.</summary>
    private const int MostBytes = 15_000;

    private static readonly string Page = File.ReadAllText(Path.Combine(Solution.Root.FullName, "docs", "architecture.md"));

    /// <summary>Files by what they are called, with all parts of the name: a file of one part of a type is named like <c>RoomCore.Membership</c>.</summary>
    private static readonly ILookup<string, string> Files = Solution.Product
        .SelectMany(project => Directory.EnumerateFiles(Path.GetDirectoryName(project.Path)!, "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .ToLookup(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal);

    [Fact]
    public void Every_type_that_is_named_is_declared_in_a_file_of_its_name()
    {
        var names = TypeName().Matches(Page).Select(match => match.Groups[1].Value).Concat(Diagrams().SelectMany(text => DiagramName().Matches(text).Select(match => match.Value)));
        Assert.NotEmpty(names);
        Assert.All(names.Distinct(), name => Assert.True(Files[name].Any(path => Declares(path, name)), $"no {name}.cs declares {name}"));
    }

    [Fact]
    public void A_link_that_bears_a_name_leads_to_the_file_that_declares_it()
    {
        var links = NamedLink().Matches(Page);
        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            var (name, path) = (link.Groups[1].Value, Path.GetFullPath(Path.Combine(Solution.Root.FullName, "docs", link.Groups[2].Value)));
            Assert.Equal(name, Path.GetFileNameWithoutExtension(path));
            Assert.True(Declares(path, name), $"{link.Groups[2].Value} does not declare {name}");
        });
    }

    [Fact]
    public void Every_project_has_its_row() =>
        Assert.All(
            Solution.Product.Where(project => project.Name != "BuildIt.Operator.CrdGen"),
            project => Assert.Contains($"](../{Path.GetRelativePath(Solution.Root.FullName, Path.GetDirectoryName(project.Path)!)})", Page, StringComparison.Ordinal));

    [Fact]
    public void It_is_short() => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(Page), 1, MostBytes);

    private static IEnumerable<string> Diagrams() => Diagram().Matches(Page).Select(match => match.Groups[1].Value);

    private static bool Declares(string path, string name) =>
        Regex.IsMatch(File.ReadAllText(path), $@"\b(class|struct|record|interface|enum) {Regex.Escape(name.Split('.')[0])}\b");

    [GeneratedRegex(@"`([A-Z][a-z]\w+(?:\.[A-Z]\w+)?|I[A-Z][a-z]\w+)`")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\[`([\w.]+)`\]\(([^)]+)\)")]
    private static partial Regex NamedLink();

    [GeneratedRegex(@"^```mermaid\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Diagram();

    /// <summary>Two humps or more, which no word of the language has; names of kinds of Kubernetes' and of products aside.</summary>
    [GeneratedRegex(@"\b(?!ConferenceRoom\b|LiveKit\b|WebSocket\b)[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")]
    private static partial Regex DiagramName();
}
