using System.CommandLine;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>The command line.</summary>
public static class SfuCommand
{
    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">Without the name of the program.</param>
    /// <param name="output">Where answers go.</param>
    /// <param name="errors">Where everything else goes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>0 when all is well, 1 for a fault that was told, 2 for a command line that means nothing.</returns>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var options = new GlobalOptions(output, errors);
        var root = Create(options);
        if (arguments is [CompletionCommand.Ask, .. var words])
        {
            return await CompletionCommand.AnswerAsync(root, options, words, output, cancellation).ConfigureAwait(false);
        }

        var parsed = root.Parse(arguments);
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors }, cancellation).ConfigureAwait(false);
        return parsed.Errors.Count > 0 ? 2 : code;
    }

    private static RootCommand Create(GlobalOptions options)
    {
        var root = new RootCommand("See what fleets of BuildIt SFU do and why, and change it");
        options.AddTo(root);
        foreach (var command in (ReadOnlySpan<Command>)
        [
            StatusCommand.Create(options), TopCommand.Create(options), RoomsCommand.Create(options), RoomCommand.Create(options), WhyCommand.Create(options), PlanCommand.Create(options),
            DrainCommand.Create(options), MoveCommand.Create(options), CostCommand.Create(options), LogsCommand.Create(options), DebugCommand.Create(options), CompletionCommand.Create(),
        ])
        {
            root.Subcommands.Add(command);
        }

        return root;
    }
}
