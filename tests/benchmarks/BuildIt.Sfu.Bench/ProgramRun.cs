using System.Diagnostics;
using System.Text.RegularExpressions;

namespace BuildIt.Sfu.Bench;

/// <summary>Another program while it runs: its output line by line, and the processor time it uses.</summary>
internal sealed class ProgramRun : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Lock _lock = new();

    private ProgramRun(Process process) => _process = process;

    /// <summary>Everything written so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public static ProgramRun Start(string assembly, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
        var run = new ProgramRun(process);
        process.OutputDataReceived += (_, line) => run.Add(line.Data);
        process.ErrorDataReceived += (_, line) => run.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return run;
    }

    /// <summary>The first group of the first line that matches; "?" when none does.</summary>
    public string Find(string pattern) =>
        Lines.Select(line => Regex.Match(line, pattern)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "?";

    /// <exception cref="TimeoutException">The line did not come; the message holds what did.</exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < patience)
        {
            bool ended = _process.HasExited;
            if (Lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            if (ended)
            {
                break;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"\"{text}\" was not written:\n{string.Join('\n', Lines)}");
    }

    /// <summary>Has its threads whose name starts with <paramref name="threads"/> go first (<see cref="RealTime"/>), once there are any.</summary>
    public async Task GiveRealTimeAsync(string threads, int priority)
    {
        while (!_process.HasExited && RealTime.Give(_process.Id, threads, priority) == 0)
        {
            await Task.Delay(50);
        }
    }

    public Task WaitForExitAsync() => _process.WaitForExitAsync();

    /// <inheritdoc cref="ProcessorTime.Of"/>
    public (TimeSpan Process, TimeSpan Threads) TimeUsed(string threads) => ProcessorTime.Of(_process.Id, threads);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_lock)
            {
                _lines.Add(line);
            }
        }
    }
}
