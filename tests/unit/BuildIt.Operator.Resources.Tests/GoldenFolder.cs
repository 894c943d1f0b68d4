namespace BuildIt.Operator.Resources.Tests;

/// <summary>A folder that holds an SfuCluster and what is to become of it.</summary>
internal static class GoldenFolder
{
    public static string Root { get; } = Path.Combine(Repository(), "tests", "unit", "BuildIt.Operator.Resources.Tests", "Golden");

    public static bool IsUpdating => Environment.GetEnvironmentVariable("BUILDIT_UPDATE_GOLDEN") == "1";

    public static IEnumerable<string> Names =>
        Directory.GetDirectories(Root).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    public static string Read(string folder, string file) => File.ReadAllText(Path.Combine(Root, folder, file));

    public static void Compare(string folder, string file, string actual)
    {
        var path = Path.Combine(Root, folder, file);
        if (IsUpdating)
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BuildIt.Operator.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("no BuildIt.Operator.sln above the tests");
    }
}
