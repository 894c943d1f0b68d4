using System.Text.Json;
using System.Text.RegularExpressions;
using BuildIt.KubectlSfu.Commands;
using BuildIt.Testing.Documents;

namespace BuildIt.Architecture.Tests.Commands;

/// <summary>
/// Says what is wrong with a documented command. What a program of somebody else does is that program's; what is of this repository in a
/// command (targets, files, values of the chart, kinds, labels, annotations, fields, names) is looked up here.
/// </summary>
internal static partial class CommandRules
{
    /// <summary>Kinds of Kubernetes' own that pages name.</summary>
    private static readonly HashSet<string> OwnKinds =
    [
        "pod", "pods", "nodes", "namespace", "secret", "secrets", "service", "services", "events", "leases", "deployment", "networkpolicies", "poddisruptionbudgets", "resourcequota",
        "apiservices", "rolebinding", "crd",
    ];

    /// <summary>Options of kubectl without a value.</summary>
    private static readonly HashSet<string> KubectlFlags =
        ["-A", "--all-namespaces", "--overwrite", "--ignore-daemonsets", "--server-side", "--force-conflicts", "--containers", "--previous", "--force"];

    /// <summary>Options of kubectl with one.</summary>
    private static readonly HashSet<string> KubectlValues =
    [
        "-n", "--namespace", "-o", "-p", "-f", "-l", "--selector", "--field-selector", "--raw", "--tail", "--type", "--replicas", "--for", "--timeout", "--from-literal", "--cert", "--key",
        "--role", "--user", "--as", "--subresource", "--grace-period",
    ];

    private static readonly HashSet<string> HelmFlags =
        ["--create-namespace", "--wait", "--no-hooks", "--reuse-values", "--reset-then-reuse-values", "--install", "--take-ownership", "--force-conflicts"];

    private static readonly HashSet<string> HelmValues = ["--namespace", "--set"];

    private static readonly string Makefile = Read("Makefile");
    private static readonly JsonElement Values = JsonDocument.Parse(Read("charts/buildit-sfu/values.schema.json")).RootElement;
    private static readonly string Templates = All("charts/buildit-sfu/templates", "*");
    private static readonly string Definitions = All("crds", "*.yaml", SearchOption.TopDirectoryOnly);
    private static readonly string Fields = Read("docs/reference.md");
    private static readonly string Names = All("operator/BuildIt.Operator.Api", "*.cs") + All("operator/BuildIt.Operator.Resources", "*.cs") + All("operator/BuildIt.Operator", "*.cs");

    /// <summary>What is wrong; empty when nothing is, null when the program is none that is known here.</summary>
    public static async Task<IReadOnlyList<string>?> FaultsAsync(CommandLine command) => command switch
    {
        { Program: "make" } => [.. Make(command)],
        { Program: "kubectl", Words: [_, "sfu", .. var arguments] } => await PluginAsync(arguments),
        { Program: "kubectl" } => [.. Kubectl(command), .. OwnNames(command)],
        { Program: "helm" } => [.. Helm(command), .. OwnNames(command)],
        { Program: "dotnet", Words: [_, "run" or "build" or "test", ..] } => [.. Projects(command)],
        { Program: "docker" } => [.. Files(command, "-f")],
        { Program: "grep" } => [],
        _ => null,
    };

    private static IEnumerable<string> Make(CommandLine command) =>
        from target in command.Words.Skip(1)
        where !target.Contains('=', StringComparison.Ordinal) && !Regex.IsMatch(Makefile, $"^{Regex.Escape(target)}:", RegexOptions.Multiline)
        select $"the Makefile has no target {target}";

    /// <summary>Its own parser says so: with a kubeconfig that is not there a command ends with 1 before it asks anybody anything, and with 2 when it means nothing.</summary>
    private static async Task<IReadOnlyList<string>> PluginAsync(string[] arguments)
    {
        // Named in a sentence: only whether there is such a command.
        if (arguments.Length == 1)
        {
            arguments = [.. arguments, "--help"];
        }

        var errors = new StringWriter();
        var code = await SfuCommand.RunAsync([.. arguments, "--kubeconfig", "/nonexistent/kubeconfig"], TextWriter.Null, errors, CancellationToken.None);
        return code == 2 ? [errors.ToString().Trim()] : [];
    }

    private static IEnumerable<string> Kubectl(CommandLine command)
    {
        foreach (var option in command.Options.Where(option => !KubectlFlags.Contains(option) && !KubectlValues.Contains(option)))
        {
            yield return $"{option} is in no list of kubectl's options here";
        }

        var plain = command.Plain(KubectlFlags);
        foreach (var kind in KindsOf(plain).Where(kind => !OwnKinds.Contains(kind) && !Regex.IsMatch(Definitions, $"^ +(- |plural: |singular: ){kind}$", RegexOptions.Multiline)))
        {
            yield return $"there is no kind {kind}";
        }

        foreach (var fault in Files(command, "-f"))
        {
            yield return fault;
        }

        foreach (var patch in command.Values("-p"))
        {
            using var json = JsonDocument.Parse(patch);
            if (json.RootElement.ValueKind is not JsonValueKind.Object || !json.RootElement.TryGetProperty("spec", out var spec))
            {
                continue;
            }

            foreach (var field in spec.EnumerateObject().Where(field => !Fields.Contains($"| `{field.Name}` |", StringComparison.Ordinal)))
            {
                yield return $"no kind has a field {field.Name}";
            }
        }

        if (plain is ["explain", var path] && path.Split('.') is [_, "spec", .. { Length: > 0 } names] && !Fields.Contains($"| `{string.Join('.', names)}` |", StringComparison.Ordinal))
        {
            yield return $"there is nothing to explain of {path}";
        }
    }

    /// <summary>The kinds that a command of kubectl is about: in lists, or in front of a name.</summary>
    private static string[] KindsOf(IReadOnlyList<string> plain) => plain switch
    {
        ["get" or "describe" or "annotate" or "scale" or "patch" or "wait" or "top", var kinds, ..] => [.. kinds.Split('/')[0].Split(',').Select(kind => kind.Replace(".sfu.buildit.network", "", StringComparison.Ordinal))],
        ["rollout", "restart", var kind, ..] => [kind.Split('/')[0]],
        ["auth", "can-i", _, var kind, ..] => [kind],
        ["create", var kind, ..] => [kind],
        _ => [],
    };

    private static IEnumerable<string> Helm(CommandLine command)
    {
        foreach (var option in command.Options.Where(option => !HelmFlags.Contains(option) && !HelmValues.Contains(option)))
        {
            yield return $"{option} is in no list of helm's options here";
        }

        foreach (var chart in command.Plain(HelmFlags).Where(word => word.StartsWith("charts/", StringComparison.Ordinal) && !File.Exists(Path.Combine(Solution.Root.FullName, word, "Chart.yaml"))))
        {
            yield return $"there is no chart {chart}";
        }

        foreach (var path in command.Values("--set").SelectMany(values => values.Split(',')).Select(value => value.Split('=')[0]).Where(path => !IsValue(path)))
        {
            yield return $"the chart has no value {path}";
        }
    }

    /// <summary>Whether the chart's schema has such a value.</summary>
    private static bool IsValue(string path) =>
        path.Split('.').Aggregate<string, IEnumerable<JsonElement>>([Values], (schemas, name) => [.. schemas.SelectMany(schema => Inside(schema, name))]).Any();

    private static IEnumerable<JsonElement> Inside(JsonElement schema, string name)
    {
        if (schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out var found))
        {
            yield return found;
        }

        var others = schema.TryGetProperty("allOf", out var all) ? all.EnumerateArray().ToList() : [];
        if (schema.TryGetProperty("$ref", out var reference))
        {
            others.Add(Values.GetProperty("definitions").GetProperty(reference.GetString()!.Split('/')[^1]));
        }

        foreach (var inner in others.SelectMany(other => Inside(other, name)))
        {
            yield return inner;
        }
    }

    /// <summary>Names that the chart or the operator gives: objects of the release, components, labels, annotations.</summary>
    private static IEnumerable<string> OwnNames(CommandLine command)
    {
        foreach (Match name in ReleaseName().Matches(command.Text).Where(name => !name.Groups[1].Value.Split('-').All(part => Templates.Contains($"-{part}", StringComparison.Ordinal))))
        {
            yield return $"the chart makes nothing that is called {name.Value}";
        }

        foreach (Match component in Component().Matches(command.Text).Where(component => !Templates.Contains($"\"component\" \"{component.Groups[1].Value}\"", StringComparison.Ordinal)))
        {
            yield return $"the chart has no component {component.Groups[1].Value}";
        }

        foreach (Match name in GroupName().Matches(command.Text).Where(name => !Names.Contains($"\"/{name.Groups[1].Value}\"", StringComparison.Ordinal)))
        {
            yield return $"the operator knows nothing of {name.Value}";
        }
    }

    private static IEnumerable<string> Files(CommandLine command, string option) =>
        command.Values(option).Where(file => file != "-" && !Path.Exists(Path.Combine(Solution.Root.FullName, file))).Select(file => $"there is no {file}");

    private static IEnumerable<string> Projects(CommandLine command) =>
        from word in command.Words.Skip(2)
        where word.Contains('/', StringComparison.Ordinal) && !word.StartsWith('-')
        where !Directory.Exists(Path.Combine(Solution.Root.FullName, word)) || Directory.GetFiles(Path.Combine(Solution.Root.FullName, word), "*.csproj").Length == 0
        select $"there is no project in {word}";

    private static string Read(string path) => File.ReadAllText(Path.Combine(Solution.Root.FullName, path));

    private static string All(string folder, string files, SearchOption depth = SearchOption.AllDirectories) =>
        string.Concat(Directory.EnumerateFiles(Path.Combine(Solution.Root.FullName, folder), files, depth).Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)).Select(File.ReadAllText));

    [GeneratedRegex(@"\bbuildit-sfu-([a-z-]+)\b")]
    private static partial Regex ReleaseName();

    [GeneratedRegex(@"app\.kubernetes\.io/component=([\w-]+)")]
    private static partial Regex Component();

    [GeneratedRegex(@"sfu\.buildit\.network/([a-z-]*[a-z])")]
    private static partial Regex GroupName();
}
