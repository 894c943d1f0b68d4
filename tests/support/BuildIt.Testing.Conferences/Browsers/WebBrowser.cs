namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>Whose implementation of WebRTC a participant uses.</summary>
public enum BrowserKind
{
    Chromium,
    Firefox,
}

/// <summary>A headless browser with fake camera and microphone.</summary>
public abstract class WebBrowser : IAsyncDisposable
{
    /// <summary>Starts a browser that is installed on this machine.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static async Task<WebBrowser> StartAsync(BrowserKind kind) => kind == BrowserKind.Firefox
        ? await FirefoxBrowser.StartAsync()
        : await ChromiumBrowser.StartAsync();

    /// <summary>Opens a page, and returns when it has loaded.</summary>
    /// <param name="url">The page.</param>
    /// <param name="initialScript">Runs before the page's own scripts.</param>
    public abstract Task<WebPage> OpenPageAsync(string url, string? initialScript = null);

    public abstract ValueTask DisposeAsync();

    /// <summary>A program on the PATH, or the one a variable names; null when there is none.</summary>
    private protected static string? FindProgram(string variable, params string[] names)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } chosen)
        {
            return chosen;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }
}
