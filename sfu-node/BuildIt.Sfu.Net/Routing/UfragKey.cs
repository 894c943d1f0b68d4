using System.Text;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>An ICE username fragment of up to 16 characters as a value, so that looking one up allocates nothing.</summary>
internal readonly record struct UfragKey
{
    public const int MaxLength = 16;

    private readonly ulong _first;
    private readonly ulong _second;

    private UfragKey(ulong first, ulong second)
    {
        _first = first;
        _second = second;
    }

    public byte FirstCharacter => (byte)_first;

    /// <summary>False for an empty, too long or non-ICE fragment (RFC 8839 section 5.4: letters, digits, '+' and '/').</summary>
    public static bool TryCreate(ReadOnlySpan<byte> ufrag, out UfragKey key)
    {
        key = default;
        if (ufrag.IsEmpty || ufrag.Length > MaxLength)
        {
            return false;
        }

        ulong first = 0;
        ulong second = 0;
        for (int i = 0; i < ufrag.Length; i++)
        {
            byte character = ufrag[i];
            if (!char.IsAsciiLetterOrDigit((char)character) && character is not ((byte)'+' or (byte)'/'))
            {
                return false;
            }

            if (i < 8)
            {
                first |= (ulong)character << (8 * i);
            }
            else
            {
                second |= (ulong)character << (8 * (i - 8));
            }
        }

        key = new UfragKey(first, second);
        return true;
    }

    public static bool TryCreate(string ufrag, out UfragKey key)
    {
        key = default;
        return ufrag.Length <= MaxLength && TryCreate(Encoding.UTF8.GetBytes(ufrag), out key);
    }

    public override string ToString() => "ufrag(hidden)";
}
