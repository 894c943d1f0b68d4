using System.Buffers.Binary;
using System.Numerics;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>CRC32c over a packet whose checksum field counts as zero (RFC 9260 appendix A).</summary>
internal static class SctpChecksum
{
    private const int FieldOffset = 8;

    public static uint Compute(ReadOnlySpan<byte> packet)
    {
        var crc = Append(uint.MaxValue, packet[..FieldOffset]);
        crc = BitOperations.Crc32C(crc, 0u);
        return ~Append(crc, packet[(FieldOffset + 4)..]);
    }

    public static uint Read(ReadOnlySpan<byte> packet) => BinaryPrimitives.ReadUInt32LittleEndian(packet[FieldOffset..]);

    public static void Write(Span<byte> packet, uint checksum) => BinaryPrimitives.WriteUInt32LittleEndian(packet[FieldOffset..], checksum);

    private static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
