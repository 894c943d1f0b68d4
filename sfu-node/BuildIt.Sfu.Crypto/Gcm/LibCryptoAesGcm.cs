using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Interop;

namespace BuildIt.Sfu.Crypto.Gcm;

/// <summary>AES-GCM by OpenSSL, on whatever processor there is.</summary>
internal sealed unsafe class LibCryptoAesGcm : AesGcmContext
{
    private nint _context;

    /// <param name="key">16 or 32 bytes.</param>
    /// <param name="encrypt">Whether it seals or opens.</param>
    public LibCryptoAesGcm(ReadOnlySpan<byte> key, bool encrypt)
    {
        var cipher = key.Length == 16 ? LibCrypto.EVP_aes_128_gcm() : LibCrypto.EVP_aes_256_gcm();
        _context = LibCrypto.EVP_CIPHER_CTX_new();
        fixed (byte* keyPointer = key)
        {
            if (_context == 0 || LibCrypto.EVP_CipherInit_ex(_context, cipher, 0, keyPointer, null, encrypt ? 1 : 0) != 1)
            {
                throw new CryptographicException("libcrypto refused an AES-GCM key.");
            }
        }
    }

    ~LibCryptoAesGcm() => Free();

    public override bool Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, Span<byte> tag)
    {
        fixed (byte* noncePointer = nonce, associatedPointer = associated, dataPointer = data, tagPointer = tag)
        {
            int length;
            var done = LibCrypto.EVP_CipherInit_ex(_context, 0, 0, null, noncePointer, -1) == 1
                && LibCrypto.EVP_CipherUpdate(_context, null, &length, associatedPointer, associated.Length) == 1
                && (data.IsEmpty || LibCrypto.EVP_CipherUpdate(_context, dataPointer, &length, dataPointer, data.Length) == 1)
                && LibCrypto.EVP_CipherFinal_ex(_context, tagPointer, &length) == 1
                && LibCrypto.EVP_CIPHER_CTX_ctrl(_context, LibCrypto.ControlGetTag, TagLength, tagPointer) == 1;

            // Or else the finalizer could free the context during the call.
            GC.KeepAlive(this);
            return done;
        }
    }

    public override bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, ReadOnlySpan<byte> tag)
    {
        fixed (byte* noncePointer = nonce, associatedPointer = associated, dataPointer = data, tagPointer = tag)
        {
            int length;
            byte unused;
            var done = LibCrypto.EVP_CipherInit_ex(_context, 0, 0, null, noncePointer, -1) == 1
                && LibCrypto.EVP_CIPHER_CTX_ctrl(_context, LibCrypto.ControlSetTag, TagLength, tagPointer) == 1
                && LibCrypto.EVP_CipherUpdate(_context, null, &length, associatedPointer, associated.Length) == 1
                && (data.IsEmpty || LibCrypto.EVP_CipherUpdate(_context, dataPointer, &length, dataPointer, data.Length) == 1)
                && LibCrypto.EVP_CipherFinal_ex(_context, &unused, &length) == 1;

            // Or else the finalizer could free the context during the call.
            GC.KeepAlive(this);
            return done;
        }
    }

    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        var context = Interlocked.Exchange(ref _context, 0);
        if (context != 0)
        {
            LibCrypto.EVP_CIPHER_CTX_free(context);
        }
    }
}
