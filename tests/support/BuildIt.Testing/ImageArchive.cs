namespace BuildIt.Testing;

/// <summary>Container images made of what this machine has, without a registry; see tests/cluster. Members may be called from any thread.</summary>
public static class ImageArchive
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(10);

    /// <summary>Publishes programs of the repository as images, or takes those that were made of the same sources before.</summary>
    /// <param name="programs">Names without a tag, which pods use as <c>name:local</c>, and the folders of the projects from the top of the repository.</param>
    /// <returns>The archives' paths, in any order.</returns>
    /// <exception cref="InvalidOperationException">One could not be published; the message holds what the compiler said.</exception>
    public static async Task<IReadOnlyList<string>> OfProjectsAsync(params (string Name, string Project)[] programs) =>
        (await RunAsync(["dotnet", .. programs.SelectMany(each => (string[])[each.Name, each.Project])])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Wraps a program of this machine as an image.</summary>
    /// <param name="name">Without a tag; pods use it as <c>name:local</c>.</param>
    /// <param name="program">Name on the PATH.</param>
    /// <returns>The archive's path.</returns>
    /// <exception cref="InvalidOperationException">The program is not installed.</exception>
    public static async Task<string> OfProgramAsync(string name, string program) =>
        (await RunAsync(["program", name, program])).Trim();

    private static Task<string> RunAsync(string[] arguments) =>
        ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "images.sh"), arguments, Timeout);
}
