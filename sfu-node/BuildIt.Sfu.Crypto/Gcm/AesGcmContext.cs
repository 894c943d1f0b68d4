namespace BuildIt.Sfu.Crypto.Gcm;

/// <summary>AES-GCM under one key in one direction, with a 12-byte nonce and a 16-byte tag. Keyed once. Not thread-safe.</summary>
internal abstract class AesGcmContext : IDisposable
{
    public const int NonceLength = 12;
    public const int TagLength = 16;

    /// <summary>The fastest there is on this processor.</summary>
    /// <param name="key">16 or 32 bytes.</param>
    /// <param name="encrypt">Whether it is to seal or to open.</param>
    public static AesGcmContext Create(ReadOnlySpan<byte> key, bool encrypt) =>
        IntrinsicAesGcm.IsSupported && key.Length == IntrinsicAesGcm.KeyLength ? new IntrinsicAesGcm(key) : new LibCryptoAesGcm(key, encrypt);

    /// <summary>Encrypts <paramref name="data"/> in place and writes its tag.</summary>
    public abstract bool Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, Span<byte> tag);

    /// <summary>Decrypts in place; false when the tag is wrong, and then the bytes of <paramref name="data"/> are worthless.</summary>
    public abstract bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, ReadOnlySpan<byte> tag);

    public abstract void Dispose();
}
