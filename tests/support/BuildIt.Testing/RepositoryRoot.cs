namespace BuildIt.Testing;

/// <summary>Finds the folder that holds the solution, from wherever the tests run.</summary>
public static class RepositoryRoot
{
    private const string Marker = "BuildIt.Operator.sln";

    /// <summary>The absolute path of the repository.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests run outside a checkout.</exception>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, Marker)))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds {Marker}.");
    }

    /// <summary>The absolute path of something in the repository.</summary>
    /// <param name="parts">Path below the repository, one part per folder.</param>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Find(), .. parts]);
}
