using SharpFuzz;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>Makes a copy of this program whose code under test counts the edges it takes.</summary>
internal static class Instrumentation
{
    private static readonly string[] Assemblies =
        ["BuildIt.Sfu.Media.dll", "BuildIt.Sfu.Crypto.dll", "BuildIt.Sfu.Signaling.dll", "BuildIt.Sfu.Contracts.dll", "BuildIt.RoomApi.dll"];

    /// <summary>Copies the program's folder to <paramref name="folder"/>, instruments it there, and returns the path of its main assembly.</summary>
    public static string Prepare(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        var source = AppContext.BaseDirectory;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        foreach (var name in Assemblies)
        {
            Fuzzer.Instrument(Path.Combine(folder, name), IsUnderTest, Options.Value);
        }

        return Path.Combine(folder, Path.GetFileName(typeof(Instrumentation).Assembly.Location));
    }

    // Generated message classes are Google's code generator's, and so many that they would drown the handlers behind them.
    private static bool IsUnderTest(string type) =>
        !type.StartsWith("BuildIt.Sfu.Signaling.Protocol.", StringComparison.Ordinal) || type.EndsWith("WireCodec", StringComparison.Ordinal);
}
