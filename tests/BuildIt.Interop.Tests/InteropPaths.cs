namespace BuildIt.Interop.Tests;

/// <summary>Where things lie in the repository, found from the test assembly upwards.</summary>
internal static class InteropPaths
{
    public static string Root { get; } = FindRoot();

    public static string NpmFolder => Path.Combine(Root, "tests", "npm", "livekit");

    /// <summary>The node's assembly, built beside the tests in the same configuration.</summary>
    public static string NodeAssembly
    {
        get
        {
            var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
            return Path.Combine(Root, "sfu-node", "BuildIt.Sfu.Node", "bin", configuration, "net10.0", "BuildIt.Sfu.Node.dll");
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "BuildIt.Operator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests run from inside the repository.");
    }
}
