using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Small readers shared by the parts of the parser.</summary>
internal static class SdpText
{
    /// <summary>Takes the next word off <paramref name="text"/>; empty at its end.</summary>
    public static ReadOnlySpan<char> NextToken(ref ReadOnlySpan<char> text)
    {
        text = text.TrimStart(' ');
        var end = text.IndexOf(' ');
        var token = end < 0 ? text : text[..end];
        text = text[token.Length..].TrimStart(' ');
        return token;
    }

    public static bool TryPayloadType(ReadOnlySpan<char> text, out byte payloadType) =>
        byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out payloadType) && payloadType < 128;

    public static bool TryDirection(ReadOnlySpan<char> name, out MediaDirection direction)
    {
        (direction, var known) = name switch
        {
            "sendrecv" => (MediaDirection.SendRecv, true),
            "sendonly" => (MediaDirection.SendOnly, true),
            "recvonly" => (MediaDirection.RecvOnly, true),
            "inactive" => (MediaDirection.Inactive, true),
            _ => (default, false),
        };
        return known;
    }

    /// <summary>A token as RFC 8866 section 9 has it; what we repeat in our own descriptions has to be one.</summary>
    public static bool IsToken(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (character is <= ' ' or >= (char)127 or '"' or '(' or ')' or ',' or '/' or ':' or ';' or '<' or '=' or '>' or '?' or '@' or '[' or '\\' or ']')
            {
                return false;
            }
        }

        return !text.IsEmpty;
    }
}
