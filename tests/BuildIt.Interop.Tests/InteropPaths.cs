using BuildIt.Testing;

namespace BuildIt.Interop.Tests;

/// <summary>Where things lie in the repository.</summary>
internal static class InteropPaths
{
    public static string NpmFolder => RepositoryRoot.Path("tests", "npm", "livekit");

    /// <summary>The node's assembly, built beside the tests in the same configuration.</summary>
    public static string NodeAssembly
    {
        get
        {
            var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
            return RepositoryRoot.Path("sfu-node", "BuildIt.Sfu.Node", "bin", configuration, "net10.0", "BuildIt.Sfu.Node.dll");
        }
    }
}
