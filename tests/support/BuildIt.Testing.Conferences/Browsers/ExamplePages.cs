namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>The quick start and the page of the demo, bundled as an application's build does.</summary>
public static class ExamplePages
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>Bundles them into a folder.</summary>
    /// <exception cref="InvalidOperationException">They do not compile.</exception>
    public static Task BuildAsync(string folder) => ChildProcess.RunAsync("node", [RepositoryRoot.Path("examples", "build.mjs"), folder], Timeout);

    /// <summary>Checks their types.</summary>
    /// <exception cref="InvalidOperationException">A type is wrong; the message holds the compiler's.</exception>
    public static Task CheckAsync() => ChildProcess.RunAsync(
        "node", [RepositoryRoot.Path("examples", "node_modules", "typescript", "bin", "tsc"), "--project", RepositoryRoot.Path("examples")], Timeout);
}
