namespace BuildIt.Testing;

/// <summary>Finds programs as a shell does.</summary>
public static class ProgramPath
{
    /// <summary>The path of a program on the PATH, or null when there is none.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
