using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>Retransmission payloads (RFC 4588 section 4): the original sequence number before the original payload.</summary>
public static class RtxPacket
{
    /// <summary>Bytes of original sequence number.</summary>
    public const int HeaderLength = 2;

    /// <summary>
    /// Turns a retransmission into the packet it repeats, in place: header moved over the original sequence number, then
    /// <paramref name="payloadType"/> and <paramref name="ssrc"/> of the original stream put in. False when it repeats nothing
    /// (bandwidth probes are such packets).
    /// </summary>
    public static bool TryDecapsulate(Span<byte> datagram, scoped in RtpPacketView view, byte payloadType, Ssrc ssrc, out Span<byte> original)
    {
        original = default;
        if (view.PayloadLength < HeaderLength)
            return false;
        var headerLength = view.HeaderLength;
        var sequence = BinaryPrimitives.ReadUInt16BigEndian(datagram[headerLength..]);
        var length = headerLength + view.PayloadLength;
        datagram[..headerLength].CopyTo(datagram[HeaderLength..]);
        original = datagram[HeaderLength..length];
        // Padding of the retransmission is not part of the original.
        original[0] &= 0xDF;
        original[1] = (byte)(original[1] & 0x80 | payloadType);
        BinaryPrimitives.WriteUInt16BigEndian(original[2..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(original[8..], ssrc.Value);
        return true;
    }
}
