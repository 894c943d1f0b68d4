using System.Buffers.Text;

namespace BuildIt.RoomApi.Identity;

/// <summary>
/// A participant as servers know them: 16 bytes that mean nothing outside one room. Written as base64url (22 characters) in
/// tokens and URLs, and as hexadecimal where the alphabet is smaller (names of annotations).
/// </summary>
public readonly record struct ParticipantId
{
    public const int Size = 16;
    private const int TextLength = 22;

    private ParticipantId(string text) => Text = text;

    /// <summary>The base64url form.</summary>
    public string Text { get; }

    /// <summary>32 hexadecimal digits.</summary>
    public string Hex => Convert.ToHexStringLower(Base64Url.DecodeFromChars(Text));

    public static ParticipantId FromBytes(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size);
        return new ParticipantId(Base64Url.EncodeToString(bytes));
    }

    /// <summary>Reads the base64url form. Only the spelling that <see cref="Text"/> gives is accepted, so that one participant has one id.</summary>
    public static bool TryParse(string? text, out ParticipantId id)
    {
        id = default;
        if (text is not { Length: TextLength } || text.AsSpan().ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        // 22 characters hold 132 bits: the last four must be zero (RFC 4648 section 3.5), or one id would have several spellings.
        if (!"AQgw".Contains(text[^1], StringComparison.Ordinal))
        {
            return false;
        }

        id = new ParticipantId(text);
        return true;
    }

    /// <summary>Reads the hexadecimal form.</summary>
    public static bool TryParseHex(string text, out ParticipantId id)
    {
        id = default;
        if (!RoomIds.IsValid(text))
        {
            return false;
        }

        id = FromBytes(Convert.FromHexString(text));
        return true;
    }

    public override string ToString() => Text ?? string.Empty;

    private static readonly System.Buffers.SearchValues<char> Alphabet =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
