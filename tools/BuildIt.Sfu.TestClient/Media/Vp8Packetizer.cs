using System.Buffers.Binary;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>Splits VP8 frames into payloads with descriptors (RFC 7741 section 4.2): picture id of 15 bits, no temporal layers.</summary>
internal static class Vp8Packetizer
{
    public const int DescriptorLength = 4;

    /// <summary>Bytes of the frame in one packet; leaves room for headers, extensions and encryption below 1,200.</summary>
    public const int MaxFragment = 1100;

    public static int CountPackets(int frameLength) => (frameLength + MaxFragment - 1) / MaxFragment;

    /// <summary>Writes packet <paramref name="index"/> of a frame; parts of equal size, so that none is tiny.</summary>
    public static int Write(ReadOnlySpan<byte> frame, int index, int count, ushort pictureId, Span<byte> payload)
    {
        var start = (int)((long)frame.Length * index / count);
        var end = (int)((long)frame.Length * (index + 1) / count);
        payload[0] = (byte)(index == 0 ? 0x90 : 0x80);
        payload[1] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], (ushort)(pictureId | 0x8000));
        frame[start..end].CopyTo(payload[DescriptorLength..]);
        return DescriptorLength + end - start;
    }
}
