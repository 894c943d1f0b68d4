using System.Security.Cryptography;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>The AES-128 key that LiveKit's clients make of what their application gives them, with their stock end-to-end encryption. Thread-safe.</summary>
public sealed class FrameKey : IFrameKey
{
    private const int Iterations = 100_000;
    private const int KeyLength = 16;

    private readonly byte[] _key;

    private FrameKey(byte[] key) => _key = key;

    private static ReadOnlySpan<byte> Salt => "LKFrameEncryptionKey"u8;

    /// <summary>From words: PBKDF2 with SHA-256, which takes a while on purpose.</summary>
    public static FrameKey FromPassphrase(string passphrase) =>
        new(Rfc2898DeriveBytes.Pbkdf2(passphrase, Salt.ToArray(), Iterations, HashAlgorithmName.SHA256, KeyLength));

    /// <summary>From random bytes: HKDF with SHA-256 and 128 zero bytes as its info.</summary>
    public static FrameKey FromSecret(ReadOnlySpan<byte> secret)
    {
        var key = new byte[KeyLength];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, Salt, new byte[128]);
        return new FrameKey(key);
    }

    public IFrameSealer CreateSealer(TrackSource source) => new FrameSealer(new AesGcm(_key, FrameSealer.TagLength));

    public override string ToString() => "frame key";
}
