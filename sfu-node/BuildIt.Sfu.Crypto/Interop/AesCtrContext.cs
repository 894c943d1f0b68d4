using System.Security.Cryptography;

namespace BuildIt.Sfu.Crypto.Interop;

/// <summary>AES-128 in counter mode under one key (RFC 3711 section 4.1.1). Keyed once. Not thread-safe.</summary>
internal sealed unsafe class AesCtrContext : IDisposable
{
    private nint _context;

    public AesCtrContext(ReadOnlySpan<byte> key)
    {
        _context = LibCrypto.EVP_CIPHER_CTX_new();
        fixed (byte* keyPointer = key)
        {
            if (_context == 0 || LibCrypto.EVP_CipherInit_ex(_context, LibCrypto.EVP_aes_128_ctr(), 0, keyPointer, null, 1) != 1)
            {
                throw new CryptographicException("libcrypto refused an AES key.");
            }
        }
    }

    ~AesCtrContext() => Free();

    /// <summary>Adds the key stream that starts at <paramref name="counter"/> (16 bytes) to the data, in place.</summary>
    public bool Transform(ReadOnlySpan<byte> counter, Span<byte> data)
    {
        fixed (byte* counterPointer = counter, dataPointer = data)
        {
            int length;
            var done = LibCrypto.EVP_CipherInit_ex(_context, 0, 0, null, counterPointer, -1) == 1
                && (data.IsEmpty || LibCrypto.EVP_CipherUpdate(_context, dataPointer, &length, dataPointer, data.Length) == 1);

            // Or else the finalizer could free the context during the call.
            GC.KeepAlive(this);
            return done;
        }
    }

    public void Dispose()
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
