using System.Diagnostics;

namespace BuildIt.Operator.Rooms;

/// <summary>Whom to tell what conferences have used.</summary>
/// <param name="Url">Where to; null for nobody.</param>
/// <param name="Secret">With which messages are signed. It cannot be printed.</param>
[DebuggerDisplay("{Url}")]
public sealed record UsageWebhookSettings(Uri? Url, byte[] Secret)
{
    /// <summary>Bytes that a secret has at least.</summary>
    public const int ShortestSecret = 32;

    public static readonly UsageWebhookSettings None = new(null, []);

    public override string ToString() => Url is null ? "nobody" : "somebody";
}
