using System.Reflection;

namespace BuildIt.Sfu.TestClient.Clips;

/// <summary>The clips built into the program: one moving test picture in three sizes and a tone.</summary>
public static class Clip
{
    /// <summary>Camera layers from small to large, two seconds each, with key frames at the same instants.</summary>
    public static IReadOnlyList<IvfClip> Camera { get; } = [.. ((string[])["q", "h", "f"]).Select(rid => IvfClip.Parse(Read($"camera-{rid}.ivf")))];

    /// <summary>Two seconds of 440 Hz.</summary>
    public static OggOpusClip Tone { get; } = OggOpusClip.Parse(Read("tone.ogg"));

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
