using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests.Commands;

/// <summary>What the documents tell people to type.</summary>
internal static partial class Documents
{
    public static readonly IReadOnlyList<string> Pages = [.. Directory
        .EnumerateFiles(Path.Combine(Solution.Root.FullName, "docs"), "*.md", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Solution.Root.FullName, path))
        .Concat(["README.md", "CONTRIBUTING.md"]).Order(StringComparer.Ordinal)];

    /// <summary>Blocks of commands of a page, in their order. A block without a language is an answer, not a command.</summary>
    public static IEnumerable<CommandBlock> Blocks(string page) =>
        Block().Matches(Read(page)).Select(match => new CommandBlock(
            page, CommandLine.Read(match.Groups["body"].Value), match.Groups["why"].Success ? match.Groups["why"].Value : null));

    /// <summary>Commands in the text of a page: what stands between backticks and begins with the name of a program that is known.</summary>
    public static IEnumerable<CommandLine> Inline(string page) =>
        Backticks().Matches(Fence().Replace(Read(page), string.Empty)).Select(match => match.Groups[1].Value.Replace('\n', ' ')).SelectMany(CommandLine.Read);

    private static string Read(string page) => File.ReadAllText(Path.Combine(Solution.Root.FullName, page));

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
/// <param name="NotRun">Why no test runs it; null where one does.</param>
internal sealed record CommandBlock(string Page, IReadOnlyList<CommandLine> Commands, string? NotRun);
