using System.Buffers.Binary;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>What SRTP needs to know of an RTP header (RFC 3550 section 5.1).</summary>
internal static class SrtpPacket
{
    private const int FixedHeaderLength = 12;

    /// <summary>Length of the header with its CSRCs and its extension, which stay in clear text; false when malformed.</summary>
    public static bool TryGetHeaderLength(ReadOnlySpan<byte> packet, out int length)
    {
        length = 0;
        if (packet.Length < FixedHeaderLength || packet[0] >> 6 != 2)
        {
            return false;
        }

        length = FixedHeaderLength + 4 * (packet[0] & 0x0F);
        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length < length + 4)
            {
                return false;
            }

            length += 4 + 4 * BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]);
        }

        return length <= packet.Length;
    }

    public static ushort SequenceNumber(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);

    public static uint Ssrc(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32BigEndian(packet[8..]);
}
