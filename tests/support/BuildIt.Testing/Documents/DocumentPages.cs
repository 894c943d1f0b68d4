using System.Text.RegularExpressions;

namespace BuildIt.Testing.Documents;

/// <summary>What the documents tell people to type.</summary>
public static partial class DocumentPages
{
    /// <summary>Every page, relative to the repository.</summary>
    public static readonly IReadOnlyList<string> Pages = [.. Directory
        .EnumerateFiles(RepositoryRoot.Path("docs"), "*.md", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(RepositoryRoot.Path(), path))
        .Concat(["README.md", "CONTRIBUTING.md"]).Order(StringComparer.Ordinal)];

    /// <summary>Blocks of commands of a page, in their order. A block without a language is an answer, not a command.</summary>
    public static IEnumerable<CommandBlock> Blocks(string page) =>
        Block().Matches(Read(page)).Select(match => new CommandBlock(
            page, CommandLine.Read(match.Groups["body"].Value), match.Groups["body"].Value.TrimEnd(), match.Groups["why"].Success ? match.Groups["why"].Value : null));

    /// <summary>Whether the commands of kubectl on a page are run as they stand, on a real Kubernetes with a fleet and a call: by the tests of that.</summary>
    public static bool IsRunWhole(string page) =>
        page is "docs/operate.md" or "docs/failover.md" or "docs/kubectl-sfu.md" or "docs/logs.md" or "docs/regions.md" or "docs/troubleshooting.md"
        || page.StartsWith("docs/runbooks/", StringComparison.Ordinal);

    /// <summary>Commands in the text of a page: what stands between backticks and begins with the name of a program that is known.</summary>
    public static IEnumerable<CommandLine> Inline(string page) =>
        Backticks().Matches(Fence().Replace(Read(page), string.Empty)).Select(match => match.Groups[1].Value.Replace('\n', ' ')).SelectMany(CommandLine.Read);

    private static string Read(string page) => File.ReadAllText(RepositoryRoot.Path(page));

    /// <summary>A comment in front of a block says that no test runs it, and why.</summary>
    [GeneratedRegex(@"(?:^<!-- no test runs this: (?<why>[^\n]+) -->\n\n?)?^```(?:sh|bash|console)\n(?<body>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`((?:kubectl|helm|make) [^`]+)`")]
    private static partial Regex Backticks();
}

/// <summary>A block of commands.</summary>
/// <param name="Page">Where it stands.</param>
/// <param name="Commands">What is in it.</param>
/// <param name="Text">The same as it is written.</param>
/// <param name="NotRun">Why no test runs it; null where one does.</param>
public sealed record CommandBlock(string Page, IReadOnlyList<CommandLine> Commands, string Text, string? NotRun);
