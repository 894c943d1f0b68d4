namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>The conference client as its package has it: compiled, one file for each module.</summary>
public static class ConferenceClientFiles
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    /// <summary>Compiles it into a folder.</summary>
    /// <exception cref="InvalidOperationException">It does not compile; the message holds the compiler's.</exception>
    public static Task BuildAsync(string folder) => ChildProcess.RunAsync(
        "node",
        [
            RepositoryRoot.Path("conference-client", "node_modules", "typescript", "bin", "tsc"), "--project", RepositoryRoot.Path("conference-client"),
            "--outDir", folder, "--declaration", "false",
        ],
        Timeout);
}
