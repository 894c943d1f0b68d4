using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using BuildIt.Testing.Documents;

namespace BuildIt.Architecture.Tests.Commands;

/// <summary>
/// What README.md and docs/ tell people to type means something, and a test or a script of the repository runs it too. A block of which
/// that is not so says why: <c>&lt;!-- no test runs this: needs docker --&gt;</c>.
/// </summary>
public class DocumentedCommandTests
{
    private static readonly string Runners = string.Concat(((string[])["tests", "scripts"])
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Solution.Root.FullName, folder), "*", SearchOption.AllDirectories))
        .Where(path => path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".sh", StringComparison.Ordinal))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/node_modules/", StringComparison.Ordinal)
            && !path.Contains("/BuildIt.Architecture.Tests/", StringComparison.Ordinal))
        .Select(File.ReadAllText));

    private static readonly ConcurrentDictionary<(string Program, string Verb), bool> Known = new();

    public static TheoryData<string> Pages => [.. DocumentPages.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_mean_something(string page)
    {
        foreach (var block in DocumentPages.Blocks(page))
        {
            foreach (var command in block.Commands)
            {
                var faults = await CommandRules.FaultsAsync(command);
                Assert.True(faults is { Count: 0 } || (faults is null && block.NotRun is not null), $"{page}: {command}: {(faults is null ? "no such program is known" : string.Join("; ", faults))}");
            }
        }

        foreach (var command in DocumentPages.Inline(page))
        {
            var faults = await CommandRules.FaultsAsync(command);
            Assert.True(faults is null or { Count: 0 }, $"{page}: {command}: {string.Join("; ", faults ?? [])}");
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Blocks_are_run_or_say_why_not(string page)
    {
        foreach (var block in DocumentPages.Blocks(page))
        {
            var unrun = block.Commands.Where(command => !IsRun(command, block)).ToList();
            Assert.True(unrun.Count == 0 || block.NotRun is not null, $"{page}: no test runs: {string.Join("; ", unrun)}");
            Assert.True(unrun.Count > 0 || block.NotRun is null, $"{page}: all of this is run: {string.Join("; ", block.Commands)}");
        }
    }

    [Theory]
    [InlineData("make tea", "no target tea")]
    [InlineData("kubectl sfu wat NAME", "wat")]
    [InlineData("kubectl sfu plan main --lod x2", "--lod")]
    [InlineData("kubectl get fleets", "no kind fleets")]
    [InlineData("kubectl apply -f charts/buildit-sfu/examples/none.yaml", "none.yaml")]
    [InlineData("kubectl patch sfu main -p '{\"spec\":{\"pause\":true}}'", "has a field pause")]
    [InlineData("kubectl explain sfucluster.spec.drian", "drian")]
    [InlineData("kubectl annotate pod NAME sfu.buildit.network/drian=true", "sfu.buildit.network/drian")]
    [InlineData("kubectl get pods --selector app.kubernetes.io/component=coturn", "no component coturn")]
    [InlineData("kubectl rollout restart deployment/buildit-sfu-coturn", "buildit-sfu-coturn")]
    [InlineData("helm install a charts/buildit", "no chart charts/buildit")]
    [InlineData("helm install a charts/buildit-sfu --set redis.enable=true", "no value redis.enable")]
    [InlineData("helm install a charts/buildit-sfu --st redis.enabled=true", "--st")]
    [InlineData("docker build -f images/op.Dockerfile .", "images/op.Dockerfile")]
    [InlineData("dotnet run --project sfu-node/BuildIt.Sfu.Nod", "BuildIt.Sfu.Nod")]
    public async Task What_is_wrong_is_found(string command, string fault) =>
        Assert.Contains((await CommandRules.FaultsAsync(Assert.Single(CommandLine.Read(command))))!, found => found.Contains(fault, StringComparison.Ordinal));

    /// <summary>
    /// Whether something in the repository runs such a command: the plugin's and make's are told apart by <see cref="CommandRules"/>, those of
    /// helm by command and options, those of kubectl by command, as its options are its own.
    /// </summary>
    private static bool IsRun(CommandLine command, CommandBlock block) => command switch
    {
        { Program: "kubectl" } when block.NotRun is null && DocumentPages.IsRunWhole(block.Page) => true,
        { Program: "make" or "grep" } => true,
        { Program: "kubectl", Words: [_, "sfu", var verb, ..] } => Runs("sfu", verb) || Runners.Contains($"[\"{verb}\"", StringComparison.Ordinal) || Runners.Contains($"(\"{verb}\"", StringComparison.Ordinal),
        { Program: "kubectl", Words: [_, var verb, ..] } => Runs("kubectl", verb),
        { Program: "helm", Words: [_, var verb, ..] } => Runs("helm", verb) && command.Options.All(option => Runners.Contains(option, StringComparison.Ordinal)),
        { Program: "dotnet", Words: [_, "run", ..] } => command.Words.SkipWhile(word => word != "--").Skip(1).All(word => Runners.Contains($"\"{word}\"", StringComparison.Ordinal)),
        _ => false,
    };

    /// <summary>As a shell has it, or as a list of words in C#.</summary>
    private static bool Runs(string program, string verb) => Known.GetOrAdd((program, verb), static key => Regex.IsMatch(
        Runners, $"""{key.Program[1..]}\w*\(\s*(\[\s*)?"{key.Verb}"|"{key.Program}"\s*[,)]\s*(\[\s*)?"{key.Verb}"|\b{key.Program}( -\S+( \S+)?)* {key.Verb}\b""", RegexOptions.Compiled));
}
