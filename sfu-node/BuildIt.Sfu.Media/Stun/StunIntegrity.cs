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
