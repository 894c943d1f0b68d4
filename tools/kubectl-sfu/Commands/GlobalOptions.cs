using System.CommandLine;
using BuildIt.KubectlSfu.Access;
using BuildIt.KubectlSfu.Output;

namespace BuildIt.KubectlSfu.Commands;

/// <summary>Options that every command has, and how a command is run with them.</summary>
internal sealed class GlobalOptions(TextWriter output, TextWriter errors)
{
    private readonly Option<string?> _kubeconfig = new("--kubeconfig") { Description = "Kubeconfig file; else KUBECONFIG, else ~/.kube/config", Recursive = true };
    private readonly Option<string?> _context = new("--context") { Description = "Context of the kubeconfig; else its current one", Recursive = true };
    private readonly Option<string?> _namespace = new("--namespace", "-n") { Description = "Namespace of fleets and rooms; else that of the context", Recursive = true };
    private readonly Option<bool> _all = new("--all-namespaces", "-A") { Description = "Look in all namespaces, where a command lists something", Recursive = true };
    private readonly Option<string> _format = Format();
    private readonly Option<string?> _operatorNamespace = new("--operator-namespace") { Description = "Namespace that the operator runs in; else it is looked for", Recursive = true };

    public void AddTo(RootCommand root)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_kubeconfig, _context, _namespace, _all, _format, _operatorNamespace])
        {
            root.Options.Add(option);
        }
    }

    /// <summary>Makes a command do something.</summary>
    public void Run(Command command, Func<ParseResult, Session, CancellationToken, Task<int>> action) =>
        command.SetAction((parsed, cancellation) => GuardAsync(async () =>
        {
            using var session = Open(parsed);
            return await action(parsed, session, cancellation).ConfigureAwait(false);
        }));

    /// <summary>Connects as the options say.</summary>
    public Session Open(ParseResult parsed)
    {
        var api = KubeApi.Connect(parsed.GetValue(_kubeconfig), parsed.GetValue(_context));
        var isPerson = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 };
        var format = Enum.Parse<OutputFormat>(parsed.GetValue(_format)!, ignoreCase: true);
        return new Session(
            api, new OperatorApi(api, parsed.GetValue(_operatorNamespace)), new Terminal(output, errors, format, isPerson && format is OutputFormat.Text),
            parsed.GetValue(_namespace) ?? api.Namespace, parsed.GetValue(_all), TimeProvider.System);
    }

    /// <summary>Turns faults into one line for people.</summary>
    private async Task<int> GuardAsync(Func<Task<int>> action)
    {
        try
        {
            return await action().ConfigureAwait(false);
        }
        catch (CommandFault fault)
        {
            await errors.WriteLineAsync($"error: {fault.Message}").ConfigureAwait(false);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    private static Option<string> Format()
    {
        var option = new Option<string>("--output", "-o") { Description = "json, yaml or text", DefaultValueFactory = _ => "text", Recursive = true };
        option.AcceptOnlyFromAmong("text", "json", "yaml");
        return option;
    }
}
