using System.Buffers.Binary;
using System.IO.Compression;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>
/// The inputs of one target that are worth keeping, packed into one file: gzip of (16-bit length, bytes) pairs.
/// The project embeds them, so that replaying needs no path.
/// </summary>
public static class Corpus
{
    /// <summary>Most inputs kept for a target.</summary>
    public const int MaxInputs = 200;

    /// <summary>The kept inputs of a target; none when it has no corpus yet.</summary>
    public static IReadOnlyList<byte[]> Load(string target)
    {
        using var stream = typeof(Corpus).Assembly.GetManifestResourceStream(FileName(target));
        return stream is null ? [] : Read(stream);
    }

    /// <summary>The inputs that <see cref="Save"/> wrote to a folder; none when there are none.</summary>
    internal static IReadOnlyList<byte[]> ReadFile(string folder, string target)
    {
        var path = Path.Combine(folder, FileName(target));
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = File.OpenRead(path);
        return Read(file);
    }

    /// <summary>Writes the inputs of a target, in one step: who stops the program finds the old file or the new one.</summary>
    internal static void Save(string folder, string target, IEnumerable<byte[]> inputs)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName(target));
        using (var file = File.Create(path + ".new"))
        using (var gzip = new GZipStream(file, CompressionLevel.SmallestSize))
        {
            Span<byte> length = stackalloc byte[2];
            foreach (var input in inputs)
            {
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)input.Length);
                gzip.Write(length);
                gzip.Write(input);
            }
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    internal static List<byte[]> Read(Stream stream)
    {
        using var gzip = new GZipStream(stream, CompressionMode.Decompress);
        var inputs = new List<byte[]>();
        var length = new byte[2];
        while (gzip.ReadAtLeast(length, 2, throwOnEndOfStream: false) == 2)
        {
            var input = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
            gzip.ReadExactly(input);
            inputs.Add(input);
        }

        return inputs;
    }

    private static string FileName(string target) => target + ".corpus";
}
