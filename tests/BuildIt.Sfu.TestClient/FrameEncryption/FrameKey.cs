using System.Security.Cryptography;

namespace BuildIt.Sfu.TestClient.FrameEncryption;

/// <summary>
/// The key that LiveKit's clients make of a passphrase with their stock end-to-end encryption: PBKDF2 with SHA-256, AES-128.
/// Thread-safe; making one takes a while on purpose.
/// </summary>
public sealed class FrameKey(string passphrase)
{
    private const int Iterations = 100_000;
    private const int KeyLength = 16;

    private readonly byte[] _key =
        Rfc2898DeriveBytes.Pbkdf2(passphrase, "LKFrameEncryptionKey"u8.ToArray(), Iterations, HashAlgorithmName.SHA256, KeyLength);

    internal AesGcm CreateCipher() => new(_key, FrameSealer.TagLength);

    public override string ToString() => "frame key";
}
