using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>
/// Every reason that the operator gives a condition has a page in docs/runbooks/reasons, and every page a reason. What the sources of the
/// operator call like a reason (one word in the way of types, as Kubernetes asks of reasons) is one, unless it stands in a list here.
/// That every alert has its page is looked at beside the alerts.
/// </summary>
public partial class RunbookTests
{
    private static readonly string Folder = Path.Combine(Solution.Root.FullName, "docs", "runbooks", "reasons");

    /// <summary>Reasons of Events that no condition has.</summary>
    private static readonly string[] OfEventsOnly =
    [
        "Deleting", "DrainCalledBack", "DrainStarted", "FailedOver", "Healthy", "MoveRefused", "OwnerLost", "PodAdopted", "PodCreated", "PodDeleted", "PodReplaced",
        "ReconnectAsked", "Renumbered", "Scaled", "SeatAdded", "SeatMoved", "SeatPromoted", "SeatRemoved",
    ];

    /// <summary>Types of conditions.</summary>
    private static readonly string[] OfConditions = ["Available", "Degraded", "Paused", "Progressing", "Ready", "ScalingLimited"];

    /// <summary>Words of Kubernetes, and one of .NET. A series says Unseen of a room that has no condition yet.</summary>
    private static readonly string[] Words =
    [
        "DoesNotExist", "Exists", "Failed", "False", "In", "NotIn", "Pending", "Running", "SubjectAccessReview", "Succeeded", "ToBeDeletedByClusterAutoscaler",
        "TokenReview", "True", "Unseen",
    ];

    private static readonly HashSet<string> Written = [.. Solution.Product.Where(project => project.Name is "BuildIt.Operator" or "BuildIt.Operator.Planning")
        .SelectMany(project => Directory.EnumerateFiles(Path.GetDirectoryName(project.Path)!, "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
        .SelectMany(path => Literal().Matches(Comment().Replace(File.ReadAllText(path), string.Empty)).Select(match => match.Groups[1].Value))];

    private static readonly List<string> Described = [.. Directory.EnumerateFiles(Folder, "*.md").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Pages => [.. Described];

    public static TheoryData<string> AlertPages => [.. Directory.EnumerateFiles(Path.Combine(Folder, ".."), "Buildit*.md").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Reasons => Written.Except(OfEventsOnly).Except(OfConditions).Except(Words).Union(LinkReasons());

    [Fact]
    public void Every_reason_has_its_page_and_every_page_its_reason() =>
        Assert.Equal(Reasons.Order(StringComparer.Ordinal), Described);

    [Fact]
    public void What_is_no_reason_still_stands_in_the_sources() => Assert.Empty(OfEventsOnly.Concat(OfConditions).Concat(Words).Except(Written));

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_says_of_what_it_is_and_when_it_goes_away(string reason)
    {
        var text = File.ReadAllText(Path.Combine(Folder, reason + ".md"));
        Assert.StartsWith($"# {reason}\n\n", text, StringComparison.Ordinal);
        Assert.Matches(Subject(), text);
        Assert.Contains("\n## When it goes away\n", text, StringComparison.Ordinal);
        Assert.True(text.Contains("\nNothing is to be done.\n", StringComparison.Ordinal) ^ SaysWhatToDo(text));
    }

    [Theory]
    [MemberData(nameof(AlertPages))]
    public void A_page_of_an_alert_has_the_same_parts(string page)
    {
        var text = File.ReadAllText(Path.Combine(Folder, "..", page));
        Assert.True(SaysWhatToDo(text));
        Assert.Contains("\n## When it goes away\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_index_has_it(string reason) =>
        Assert.Contains($"[{reason}](reasons/{reason}.md)", File.ReadAllText(Path.Combine(Folder, "..", "README.md")), StringComparison.Ordinal);

    private static bool SaysWhatToDo(string text) =>
        ((string[])["\n## What people notice\n", "\n## Look\n", "\n## Do\n"]).All(part => text.Contains(part, StringComparison.Ordinal));

    /// <summary>Reasons of a link are members of an enumeration, written by their names.</summary>
    private static IEnumerable<string> LinkReasons()
    {
        var source = File.ReadAllText(Path.Combine(Solution.Root.FullName, "operator", "BuildIt.Operator.Planning", "Topology", "LinkHealth.cs"));
        var members = LinkReason().Match(source).Groups[1].Captures.Select(capture => capture.Value).ToList();
        Assert.NotEmpty(members);
        return members;
    }

    /// <summary>Of one word or several, each with a capital; what is put together of parts, or is a part of a sentence, is none.</summary>
    [GeneratedRegex("""(?<![$@"])"([A-Z][a-z]+(?:[A-Z][a-z]+)*)["]""")]
    private static partial Regex Literal();

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"enum LinkReason\s*\{\s*(?:(\w+),\s*)+\}")]
    private static partial Regex LinkReason();

    [GeneratedRegex(@"^(SfuCluster|ConferenceRoom|RegionLink).*: `(Available|Progressing|Degraded|ScalingLimited|Paused|TurnReachable|Ready|Cascaded|EndToEndEncrypted|Quarantined|Established|Healthy)`.* (True|False|Unknown)", RegexOptions.Multiline)]
    private static partial Regex Subject();
}
