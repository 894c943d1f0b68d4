using System.Buffers.Binary;
using System.Security.Cryptography;

namespace BuildIt.Sfu.Media.Stun;

/// <summary>The HMAC-SHA1 of MESSAGE-INTEGRITY (RFC 8489 section 14.5).</summary>
internal static class StunIntegrity
{
    /// <summary>Messages of ICE are far shorter; a longer one is never authentic for us.</summary>
    private const int MaxMessageLength = 2048;

    /// <summary>
    /// Computes the HMAC over <paramref name="preceding"/>, the message up to the attribute, as if the message ended
    /// with the attribute: that is what the length field of the header must say while hashing.
    /// </summary>
    /// <returns>False when the message is too long to be one of ICE; nothing was computed.</returns>
    public static bool TryCompute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> preceding, Span<byte> destination)
    {
        if (preceding.Length > MaxMessageLength)
        {
            return false;
        }

        Span<byte> copy = stackalloc byte[preceding.Length];
        preceding.CopyTo(copy);
        var length = preceding.Length - StunConstants.HeaderLength + 4 + StunConstants.IntegrityLength;
        BinaryPrimitives.WriteUInt16BigEndian(copy[2..], (ushort)length);
        HMACSHA1.HashData(key, copy, destination);
        return true;
    }
}

/// <summary>CRC-32 of ITU-T V.42 (the one of Ethernet and zip), as FINGERPRINT needs it (RFC 8489 section 14.7).</summary>
internal static class Crc32
{
    private const uint ReversedPolynomial = 0xEDB88320;

    private static readonly uint[] Table = BuildTable();

    public static uint Compute(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (var b in data)
        {
            crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] BuildTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++)
            {
                entry = (entry & 1) != 0 ? (entry >> 1) ^ ReversedPolynomial : entry >> 1;
            }

            table[i] = entry;
        }

        return table;
    }
}
