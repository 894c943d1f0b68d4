using BuildIt.Testing;

namespace BuildIt.Interop.Tests;

/// <summary>Where things lie in the repository.</summary>
internal static class InteropPaths
{
    public static string NpmFolder => RepositoryRoot.Path("tests", "npm", "livekit");
}
