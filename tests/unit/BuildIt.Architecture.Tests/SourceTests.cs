using System.Text.RegularExpressions;

namespace BuildIt.Architecture.Tests;

/// <summary>Rules of the house that a compiler does not check.</summary>
public partial class SourceTests
{
    private static readonly string[] MlsAndFrameWords = ["ts-mls", "FrameCryptor", "MlsGroup"];

    [Fact]
    public void No_file_names_an_open_end()
    {
        var found = SourceFiles().Where(path => OpenEnd().IsMatch(File.ReadAllText(path))).Select(Relative);
        Assert.Empty(found);
    }

    [Fact]
    public void Server_assemblies_hold_no_frame_cryptography()
    {
        var found = SourceFiles()
            .Where(path => path.Contains("/sfu-node/", StringComparison.Ordinal) || path.Contains("/operator/", StringComparison.Ordinal))
            .Where(path => MlsAndFrameWords.Any(word => File.ReadAllText(path).Contains(word, StringComparison.Ordinal)))
            .Select(Relative);
        Assert.Empty(found);
    }

    [Fact]
    public void Whoever_connects_to_redis_asks_often_which_server_is_the_primary()
    {
        var connecting = SourceFiles()
            .Where(path => path.Contains("/sfu-node/", StringComparison.Ordinal) || path.Contains("/operator/", StringComparison.Ordinal))
            .Select(path => (Path: Relative(path), Text: File.ReadAllText(path)))
            .Where(file => file.Text.Contains("new ConfigurationOptions", StringComparison.Ordinal))
            .ToList();
        Assert.Equal(3, connecting.Count);
        Assert.Empty(connecting.Where(file => !file.Text.Contains("RegistryConnection.RoleCheckSeconds", StringComparison.Ordinal)).Select(file => file.Path));
    }

    [Fact]
    public void Tests_mirror_projects()
    {
        var names = Solution.Projects.Select(p => p.Name).ToHashSet();
        var untested = Solution.Product
            .Where(p => p.Name != "BuildIt.Operator.CrdGen")
            .Where(p => !names.Contains(p.Name + ".Tests"))
            .Select(p => p.Name);
        Assert.Empty(untested);
    }

    private static IEnumerable<string> SourceFiles() => Directory
        .EnumerateFiles(Solution.Root.FullName, "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
            && !path.Contains("/BuildIt.Architecture.Tests/", StringComparison.Ordinal));

    private static string Relative(string path) => Path.GetRelativePath(Solution.Root.FullName, path);

    [GeneratedRegex(@"//.*\b(TODO|FIXME|XXX|HACK)\b|NotImplementedException")]
    private static partial Regex OpenEnd();
}
