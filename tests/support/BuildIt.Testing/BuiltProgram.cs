namespace BuildIt.Testing;

/// <summary>Finds the product's programs, which are built with the tests.</summary>
public static class BuiltProgram
{
    /// <summary>The absolute path of a program's assembly, in the configuration of the tests.</summary>
    /// <param name="folder">The folder of the repository that its project is in.</param>
    /// <param name="project">The project's name.</param>
    public static string Assembly(string folder, string project) =>
        RepositoryRoot.Path(folder, project, "bin", AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", $"{project}.dll");
}
