using System.Text;

namespace BuildIt.Sfu.Signaling.Join;

/// <summary>Sizes clients and applications have to keep to.</summary>
public static class JoinLimits
{
    /// <summary>Longest room name, identity, participant name or track name, in characters.</summary>
    public const int MaxName = 256;

    /// <summary>Longest restriction id of a layer, in characters.</summary>
    public const int MaxRid = 32;

    /// <summary>Features listed with a track, and what a client lists of itself.</summary>
    public const int MaxFeatures = 32;

    /// <summary>Largest metadata of a room or participant, in UTF-8 bytes.</summary>
    public const int MaxMetadata = 512 * 1024;

    /// <summary>All names and values of a participant's attributes together, in UTF-8 bytes.</summary>
    public const int MaxAttributes = 64 * 1024;

    public static bool Fits(string metadata, IReadOnlyDictionary<string, string> attributes) =>
        Encoding.UTF8.GetByteCount(metadata) <= MaxMetadata && Size(attributes) <= MaxAttributes;

    public static int Size(IEnumerable<KeyValuePair<string, string>> attributes) =>
        attributes.Sum(a => Encoding.UTF8.GetByteCount(a.Key) + Encoding.UTF8.GetByteCount(a.Value));
}
