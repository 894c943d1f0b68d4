using BuildIt.Sfu.Crypto.Interop;

namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>Session keys from a master key and salt with a key derivation rate of zero (RFC 3711 section 4.3).</summary>
internal static class SrtpKeyDerivation
{
    public const byte RtpEncryption = 0;
    public const byte RtpAuthentication = 1;
    public const byte RtpSalt = 2;
    public const byte RtcpEncryption = 3;
    public const byte RtcpAuthentication = 4;
    public const byte RtcpSalt = 5;

    /// <param name="masterKey">16 bytes.</param>
    /// <param name="masterSalt">14 bytes, or 12 with GCM, which are extended by zeros (RFC 7714 section 11).</param>
    /// <param name="label">What the key is for.</param>
    /// <param name="destination">As many bytes as the key shall have.</param>
    public static void Derive(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, byte label, Span<byte> destination)
    {
        Span<byte> counter = stackalloc byte[16];
        masterSalt.CopyTo(counter);

        // key_id = label || 48 bits of zero, aligned with the right end of the 112-bit salt.
        counter[7] ^= label;
        destination.Clear();
        using var cipher = new AesCtrContext(masterKey);
        cipher.Transform(counter, destination);
    }
}
