using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace BuildIt.Testing;

/// <summary>
/// A program started by a test, in a session of its own, writing to a file. It and everything it
/// started is ended by process group, never by name. Members may be called from any thread.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;

    // Redirects, then becomes the program. Beside it in the group waits a guard that ends the group
    // when the test run has ended without doing so, as when it was killed.
    private const string Wrapper =
        """
        owner=$1; out=$2; shift 2
        exec >>"$out" 2>&1 </dev/null
        (tail --pid="$owner" -f /dev/null; kill -KILL 0) >/dev/null &
        exec "$@"
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;

    private ChildProcess(Process process, string outputPath)
    {
        _process = process;
        OutputPath = outputPath;
    }

    /// <summary>The process id, which is also the id of its group and session.</summary>
    public int Id => _process.Id;

    /// <summary>The file that receives standard output and standard error.</summary>
    public string OutputPath { get; }

    /// <summary>Whether the program has ended by itself or was ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code, or 128 + the signal's number.</summary>
    /// <exception cref="InvalidOperationException">The program still runs.</exception>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts a program.</summary>
    /// <param name="program">Name on the PATH, or a path.</param>
    /// <param name="arguments">Passed as they are; nothing is interpreted by a shell.</param>
    /// <param name="environment">Added to this process's environment; a null value removes a variable.</param>
    /// <param name="workingDirectory">Where it runs; by default where the tests run.</param>
    /// <param name="outputPath">File for its output, created or appended to; by default a temporary file.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The program does not exist or may not be run.</exception>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null,
        string? outputPath = null)
    {
        outputPath ??= Path.Combine(Path.GetTempPath(), $"buildit-{Path.GetFileName(program)}-{Guid.NewGuid():N}.log");
        // setsid gives the group. It does not fork here, as a child of .NET never leads a group, so the pid stays.
        var start = new ProcessStartInfo("setsid", ["sh", "-c", Wrapper, "sh", $"{Environment.ProcessId}", outputPath, program, .. arguments])
        {
            WorkingDirectory = workingDirectory ?? string.Empty,
        };

        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        return new ChildProcess(process, outputPath);
    }

    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <param name="program">Name on the PATH, or a path.</param>
    /// <param name="arguments">Passed as they are; nothing is interpreted by a shell.</param>
    /// <param name="timeout">After this it is killed.</param>
    /// <param name="environment">Added to this process's environment.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message holds its output.</exception>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<string> RunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan timeout,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var output = new StringBuilder();
        var errors = new StringBuilder();
        var outputEnded = new TaskCompletionSource();
        var errorsEnded = new TaskCompletionSource();
        process.OutputDataReceived += (_, line) => Append(output, line.Data, outputEnded);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data, errorsEnded);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            // Not WaitForExitAsync alone: it would wait for daemons that inherited the pipes.
            while (!process.HasExited)
            {
                await Task.Delay(Pause, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{program} {string.Join(' ', arguments)}' did not end within {timeout}.\n{Text(output)}{Text(errors)}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        // The last lines may still be on their way.
        await Task.WhenAny(Task.WhenAll(outputEnded.Task, errorsEnded.Task), Task.Delay(TimeSpan.FromSeconds(1), cancellationToken));
        return process.ExitCode == 0
            ? Text(output)
            : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}.\n{Text(output)}{Text(errors)}");
    }

    /// <summary>What the program has written so far.</summary>
    public string ReadOutput()
    {
        if (!File.Exists(OutputPath))
        {
            return string.Empty;
        }

        using var stream = new FileStream(OutputPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Waits until the output contains a text.</summary>
    /// <exception cref="TimeoutException">It did not within the time, or the program ended first; the message holds the output.</exception>
    public async Task WaitForOutputAsync(string text, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            // Asked before reading, so that what a program wrote as its last words still counts.
            var ended = HasExited;
            if (ReadOutput().Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            if (ended || watch.Elapsed > timeout)
            {
                throw new TimeoutException($"'{text}' was not written {(ended ? "before the program ended" : $"within {timeout}")}.\n{ReadOutput()}");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Sends SIGTERM to the group, and SIGKILL when it has not ended within the grace period.</summary>
    /// <param name="grace">Time to end by itself; 5 s by default.</param>
    public async Task StopAsync(TimeSpan? grace = null)
    {
        Signal(SigTerm);
        using var limit = new CancellationTokenSource(grace ?? TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It had its chance.
        }

        await KillAsync();
    }

    /// <summary>Ends the whole group at once with SIGKILL, as a crash would.</summary>
    public async Task KillAsync()
    {
        Signal(SigKill);
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for the program to end by itself.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken = default) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Ends the program and its group.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    // The group outlives its leader while one of its members runs, so an id in use is still ours.
    private void Signal(int signal)
    {
        if (KillGroup(_process.Id, signal) != 0 && !_process.HasExited)
        {
            // The group appears a moment after the process, when setsid has run.
            Kill(_process.Id, signal);
        }
    }

    private static void Append(StringBuilder text, string? line, TaskCompletionSource ended)
    {
        if (line is null)
        {
            ended.TrySetResult();
            return;
        }

        lock (text)
        {
            text.Append(CultureInfo.InvariantCulture, $"{line}\n");
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [DllImport("libc", EntryPoint = "killpg")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int KillGroup(int group, int signal);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
