using System.Text;
using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>README.md and the pages of docs/: every link leads somewhere, and what is copied is the original.</summary>
public partial class DocumentTests
{
    /// <summary>What somebody reads who has not decided yet.</summary>
    private const int ReadmeBytes = 8_500;

    private static readonly List<string> Files = [.. Directory
        .EnumerateFiles(Path.Combine(Solution.Root.FullName, "docs"), "*.md", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Solution.Root.FullName, path))
        .Concat(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Pages => [.. Files];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_leads_somewhere(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Solution.Root.FullName, page))!;
        Assert.All(Link().Matches(Code().Replace(Read(page), string.Empty)).Select(match => match.Groups[1].Value), link =>
        {
            var (path, anchor) = link.Split('#') is [var before, var after] ? (before, after) : (link, null);
            var target = path.Length == 0 ? Path.Combine(Solution.Root.FullName, page) : Path.GetFullPath(Path.Combine(folder, path));
            Assert.True(Path.Exists(target), $"{page}: there is no {path}");
            Assert.True(anchor is null || Anchors(File.ReadAllText(target)).Contains(anchor), $"{page}: {path} has no heading for #{anchor}");
        });
    }

    /// <summary>Nobody finds a page that no other leads to.</summary>
    [Fact]
    public void Every_page_is_reached_from_the_README()
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { "README.md" };
        var queue = new Queue<string>(reached);
        while (queue.TryDequeue(out var page))
        {
            foreach (Match match in Link().Matches(Read(page)))
            {
                var folder = Path.GetDirectoryName(Path.Combine(Solution.Root.FullName, page))!;
                var target = Path.GetRelativePath(Solution.Root.FullName, Path.GetFullPath(Path.Combine(folder, match.Groups[1].Value.Split('#')[0])));
                target = Directory.Exists(Path.Combine(Solution.Root.FullName, target)) ? Path.Combine(target, "README.md") : target;
                if (target.EndsWith(".md", StringComparison.Ordinal) && File.Exists(Path.Combine(Solution.Root.FullName, target)) && reached.Add(target))
                {
                    queue.Enqueue(target);
                }
            }
        }

        Assert.All(Files, page => Assert.Contains(page, reached));
    }

    /// <summary>What stands in docs/ itself is for readers of the README; further folders have an index of their own.</summary>
    [Fact]
    public void The_README_leads_to_every_document() =>
        Assert.Empty(Files.Where(page => Path.GetDirectoryName(page) == "docs").Except(Link().Matches(Read("README.md")).Select(match => match.Groups[1].Value.Split('#')[0])));

    [Fact]
    public void The_README_is_short() => Assert.InRange(Encoding.UTF8.GetByteCount(Read("README.md")), 1, ReadmeBytes);

    [Fact]
    public void The_quick_start_is_the_file_that_tests_run_and_has_thirty_lines_at_most()
    {
        var file = Read("examples/quick-start.ts");
        Assert.Contains($"```ts\n{file}```\n", Read("README.md"), StringComparison.Ordinal);
        Assert.InRange(file.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 30);
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Solution.Root.FullName, page));

    /// <summary>How a heading is named in links: lower case, words joined by hyphens, everything else left out.</summary>
    private static HashSet<string> Anchors(string text) =>
        [.. Heading().Matches(text).Select(match => NoAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'))];

    [GeneratedRegex(@"\]\(([^):\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
