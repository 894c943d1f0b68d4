using System.Buffers.Binary;

namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// Reads just enough of a STUN request to route it. Nothing is believed because of it: the transport that gets the
/// datagram checks its integrity.
/// </summary>
internal static class StunUsername
{
    private const int HeaderLength = 20;
    private const uint MagicCookie = 0x2112A442;
    private const ushort BindingRequest = 0x0001;
    private const ushort UsernameAttribute = 0x0006;

    /// <summary>The local fragment of USERNAME "local:remote" (RFC 8445 section 7.2.2) of a STUN Binding request.</summary>
    public static bool TryReadLocalUfrag(ReadOnlySpan<byte> datagram, out UfragKey ufrag)
    {
        ufrag = default;
        if (datagram.Length < HeaderLength
            || BinaryPrimitives.ReadUInt16BigEndian(datagram) != BindingRequest
            || BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) != MagicCookie)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);
        if (length > datagram.Length - HeaderLength)
        {
            return false;
        }

        // RFC 8489 section 14: attributes are padded to four bytes.
        ReadOnlySpan<byte> attributes = datagram.Slice(HeaderLength, length);
        while (attributes.Length >= 4)
        {
            int type = BinaryPrimitives.ReadUInt16BigEndian(attributes);
            int valueLength = BinaryPrimitives.ReadUInt16BigEndian(attributes[2..]);
            if (valueLength > attributes.Length - 4)
            {
                return false;
            }

            if (type == UsernameAttribute)
            {
                ReadOnlySpan<byte> username = attributes.Slice(4, valueLength);
                int colon = username.IndexOf((byte)':');
                return colon > 0 && UfragKey.TryCreate(username[..colon], out ufrag);
            }

            attributes = attributes[Math.Min(attributes.Length, 4 + ((valueLength + 3) & ~3))..];
        }

        return false;
    }
}
