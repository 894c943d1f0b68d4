using BuildIt.Operator.CrdGen;

namespace BuildIt.Operator.Api.Tests;

internal static class RepositoryFiles
{
    public static string Root { get; } = CrdFiles.FindRoot(AppContext.BaseDirectory) ?? throw new DirectoryNotFoundException("not in the repository");

    public static string Test(params string[] parts) => Path.Combine([Root, "tests", "integration", "BuildIt.Operator.Api.Tests", .. parts]);
}
