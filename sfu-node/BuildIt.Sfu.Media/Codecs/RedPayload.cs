using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Codecs;

/// <summary>
/// Redundant audio (RFC 2198): the newest block behind copies of older ones. A copy's header has four bytes: a set bit, payload type,
/// time offset (14 bits) and length (10 bits); that of the newest has one byte, and its block is the rest of the packet.
/// </summary>
public static class RedPayload
{
    /// <summary>More copies than any sender makes; bounds the walk.</summary>
    private const int MaxCopies = 32;

    private const int CopyHeaderLength = 4;

    /// <summary>The newest block: what the packet would be without redundancy. Empty when the payload is malformed.</summary>
    public static ReadOnlySpan<byte> Primary(ReadOnlySpan<byte> payload)
    {
        var copies = 0;
        var position = 0;
        for (var i = 0; position < payload.Length; i++)
        {
            if ((payload[position] & 0x80) == 0)
            {
                position += 1 + copies;
                return position <= payload.Length ? payload[position..] : default;
            }

            if (i == MaxCopies || payload.Length - position < CopyHeaderLength)
            {
                break;
            }

            copies += BinaryPrimitives.ReadUInt16BigEndian(payload[(position + 2)..]) & 0x3FF;
            position += CopyHeaderLength;
        }

        return default;
    }
}
