using System.Text.RegularExpressions;

namespace BuildIt.Testing.Documents;

/// <summary>Runs commands of kubectl as pages have them, with what there is in place of the names that stand for something. For one caller.</summary>
public sealed partial class PageCommands : IDisposable
{
    /// <summary>A command that goes on until it is ended is ended after this.</summary>
    private const string LongestRun = "20s";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("buildit-pages-").FullName;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _names;
    private readonly string _tools;

    private PageCommands(string tools, IReadOnlyList<KeyValuePair<string, string>> names) => (_tools, _names) = (tools, names);

    /// <summary>The commands that were run, as they were run.</summary>
    public ISet<string> Done { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <param name="kubeconfig">Where they are run.</param>
    /// <param name="ns">The namespace that a person has chosen: pages that name none mean it.</param>
    /// <param name="names">What stands for what, words of the pages first.</param>
    public static async Task<PageCommands> CreateAsync(string kubeconfig, string ns, params IReadOnlyList<KeyValuePair<string, string>> names)
    {
        var tools = (await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Patience)).Trim();
        var commands = new PageCommands(tools, names);

        // As kubectl finds its plugin.
        var plugin = Path.Combine(commands._folder, "kubectl-sfu");
        await File.WriteAllTextAsync(plugin, $"#!/bin/sh\nexec dotnet '{BuiltProgram.Assembly("tools", "kubectl-sfu")}' \"$@\"\n");
        await ChildProcess.RunAsync("chmod", ["+x", plugin], Patience);
        File.Copy(kubeconfig, Path.Combine(commands._folder, "kubeconfig"));
        await commands.RunAsync($"kubectl config set-context --current --namespace {ns}");
        return commands;
    }

    /// <summary>The commands of kubectl on a page that no mark excludes, as they stand there.</summary>
    public static IEnumerable<string> Of(string page) =>
        from block in DocumentPages.Blocks(page)
        where block.NotRun is null
        from line in block.Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        where line.StartsWith("kubectl ", StringComparison.Ordinal)
        select Comment().Replace(line, string.Empty).Trim();

    /// <summary>Runs the commands of a page as a shell does, each that was not run before.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isRun">Whether a command can be run here; one that cannot is left out.</param>
    /// <returns>What is wrong.</returns>
    public async Task<IReadOnlyList<string>> FaultsAsync(string page, Func<string, bool> isRun)
    {
        var faults = new List<string>();
        foreach (var command in Of(page).Where(isRun))
        {
            var named = Named(command);
            try
            {
                if (Done.Add(named))
                {
                    await RunAsync(named);
                }
            }
            catch (InvalidOperationException failed)
            {
                if (!IsAnswer(command, failed.Message))
                {
                    faults.Add($"{page}: {command}\n{named}\n{failed.Message}");
                }
            }
        }

        return faults;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Named(string command) => _names.Aggregate(command, (text, name) => Regex.Replace(text, $@"(?<![\w-]){Regex.Escape(name.Key)}(?![\w-])", name.Value.Replace("$", "$$", StringComparison.Ordinal)));

    // A search that finds nothing ends with 1, what goes on is ended here with 124, and a container that never died has no log before this one.
    private static bool IsAnswer(string command, string message) =>
        (command.Contains("| grep ", StringComparison.Ordinal) && message.Contains("ended with 1.", StringComparison.Ordinal) && !message.Contains("error", StringComparison.OrdinalIgnoreCase))
        || (GoesOn(command) && message.Contains("ended with 124.", StringComparison.Ordinal))
        || (command.Contains("--previous", StringComparison.Ordinal) && message.Contains("previous terminated container", StringComparison.Ordinal));

    private static bool GoesOn(string command) => command.EndsWith(" -f", StringComparison.Ordinal) || command.StartsWith("kubectl sfu top", StringComparison.Ordinal);

    private Task<string> RunAsync(string command) => ChildProcess.RunAsync(
        "bash", ["-o", "pipefail", "-c", GoesOn(command) ? $"timeout {LongestRun} {command}" : command], Patience, new Dictionary<string, string?>
        {
            ["KUBECONFIG"] = Path.Combine(_folder, "kubeconfig"),
            ["PATH"] = $"{_folder}:{_tools}:{Environment.GetEnvironmentVariable("PATH")}",
        });

    [GeneratedRegex(@"\s+# .*$")]
    private static partial Regex Comment();
}
