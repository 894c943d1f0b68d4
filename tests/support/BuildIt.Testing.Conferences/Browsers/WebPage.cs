using System.Collections.Concurrent;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page of a <see cref="WebBrowser"/>.</summary>
public abstract class WebPage
{
    private readonly ConcurrentQueue<string> _console = new();

    /// <summary>What the page wrote to its console, and errors that nobody caught.</summary>
    public IReadOnlyCollection<string> ConsoleLines => _console;

    public void ForgetConsole() => _console.Clear();

    /// <summary>Evaluates a script and awaits its value when that is a promise.</summary>
    /// <returns>The value when it is a string.</returns>
    /// <exception cref="PageException">The script threw, or its promise was rejected.</exception>
    public abstract Task<string?> EvaluateAsync(string script);

    /// <summary>Writes what the page shows into a PNG file.</summary>
    public abstract Task ScreenshotAsync(string path);

    /// <summary>Kills the process that runs the page: it says no goodbye.</summary>
    public abstract Task CrashAsync();

    public abstract Task CloseAsync();

    private protected void WriteConsole(string line) => _console.Enqueue(line);
}

/// <summary>An error inside a page, in its own words.</summary>
public sealed class PageException(string message) : Exception(message);
