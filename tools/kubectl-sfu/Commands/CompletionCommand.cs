using System.CommandLine;
using BuildIt.KubectlSfu.Views;
using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>
/// Completion by kubectl itself, which asks a program named kubectl_complete-sfu on the PATH: words in, candidates out, and a last line
/// that says what the shell is to do with them.
/// </summary>
internal static class CompletionCommand
{
    /// <summary>The word before the words to complete, as kubectl's own commands have it.</summary>
    public const string Ask = "__complete";

    /// <summary>The shell is not to offer files.</summary>
    private const string NoFiles = ":4";

    private const string Script =
        """
        #!/bin/sh
        # Completion of "kubectl sfu": put this on the PATH as kubectl_complete-sfu, beside kubectl-sfu, and make it executable.
        exec kubectl-sfu __complete "$@"
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Command Create()
    {
        var command = new Command("completion", "Print kubectl_complete-sfu, by which kubectl completes these commands in any shell that it completes its own in");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(Script);
            return 0;
        });
        return command;
    }

    /// <summary>Answers kubectl.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="options">How to reach the cluster, where names are asked for.</param>
    /// <param name="words">The words so far; the last one is to be completed.</param>
    /// <param name="output">Where candidates go.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<int> AnswerAsync(RootCommand root, GlobalOptions options, string[] words, TextWriter output, CancellationToken cancellation)
    {
        var word = words.Length == 0 ? string.Empty : words[^1];
        var before = words.Length == 0 ? [] : words[..^1];
        var parsed = root.Parse(before);
        var command = parsed.CommandResult.Command;
        IEnumerable<(string Word, string? Description)> candidates;
        if (word.StartsWith('-'))
        {
            candidates = command.Options.Concat(root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden)
                .Select(option => (option.Name, option.Description)).DistinctBy(option => option.Name);
        }
        else if (command.Subcommands.Count > 0)
        {
            candidates = command.Subcommands.Where(each => !each.Hidden).Select(each => (each.Name, each.Description));
        }
        else
        {
            var given = parsed.CommandResult.Children.OfType<System.CommandLine.Parsing.ArgumentResult>().Count(result => result.Tokens.Count > 0);
            candidates = command.Arguments.Skip(given).FirstOrDefault() is { } argument
                ? (await NamesAsync(argument.Name, options, parsed, cancellation).ConfigureAwait(false)).Select(name => (name, (string?)null))
                : [];
        }

        foreach (var (candidate, description) in candidates.Where(each => each.Word.StartsWith(word, StringComparison.Ordinal)).OrderBy(each => each.Word, StringComparer.Ordinal))
        {
            await output.WriteLineAsync(description is null ? candidate : $"{candidate}\t{description}").ConfigureAwait(false);
        }

        await output.WriteLineAsync(NoFiles).ConfigureAwait(false);
        return 0;
    }

    // Whoever only wanted to complete a word is not told what cannot be reached.
    private static async Task<IReadOnlyList<string>> NamesAsync(string argument, GlobalOptions options, ParseResult parsed, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var session = options.Open(parsed);
            var names = new List<string>();
            if (argument.Contains("fleet", StringComparison.OrdinalIgnoreCase))
            {
                names.AddRange((await session.Api.ListAsync<SfuCluster>(session.Namespace, limit.Token).ConfigureAwait(false)).Select(each => each.Metadata.Name));
            }

            if (argument.Contains("room", StringComparison.OrdinalIgnoreCase))
            {
                names.AddRange((await session.Api.ListAsync<ConferenceRoom>(session.Namespace, limit.Token).ConfigureAwait(false)).Select(each => each.Metadata.Name));
            }

            if (argument.Contains("pod", StringComparison.OrdinalIgnoreCase))
            {
                names.AddRange((await session.Api.ListAsync<V1Pod>(session.Namespace, limit.Token, selector: FleetPods.Selector).ConfigureAwait(false)).Select(each => each.Metadata.Name));
            }

            if (argument.Contains("node", StringComparison.OrdinalIgnoreCase))
            {
                names.AddRange((await session.Api.ListAsync<V1Node>(null, limit.Token).ConfigureAwait(false)).Select(each => $"node/{each.Metadata.Name}"));
            }

            return names;
        }
        catch (Exception failed) when (failed is CommandFault or OperationCanceledException)
        {
            return [];
        }
    }
}
