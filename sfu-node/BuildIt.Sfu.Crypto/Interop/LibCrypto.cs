using System.Reflection;
using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Crypto.Interop;

/// <summary>
/// The few functions of OpenSSL's libcrypto (1.1 or 3) that protect packets. .NET's own classes key a new context or
/// allocate on each call, which costs two to three times as much as the cipher itself.
/// </summary>
internal static unsafe partial class LibCrypto
{
    public const int ControlGetTag = 0x10;
    public const int ControlSetTag = 0x11;

    /// <summary>sizeof(SHA_CTX): five words of state, two of length, sixteen of data, one count; the same since OpenSSL 0.9.</summary>
    public const int Sha1ContextLength = 96;

    private const string Library = "libcrypto";

    static LibCrypto() => NativeLibrary.SetDllImportResolver(typeof(LibCrypto).Assembly, Resolve);

    [LibraryImport(Library)]
    public static partial nint EVP_CIPHER_CTX_new();

    [LibraryImport(Library)]
    public static partial void EVP_CIPHER_CTX_free(nint context);

    [LibraryImport(Library)]
    public static partial nint EVP_aes_128_gcm();

    [LibraryImport(Library)]
    public static partial nint EVP_aes_256_gcm();

    [LibraryImport(Library)]
    public static partial nint EVP_aes_128_ctr();

    [LibraryImport(Library)]
    public static partial int EVP_CipherInit_ex(nint context, nint cipher, nint engine, byte* key, byte* iv, int encrypt);

    [LibraryImport(Library)]
    public static partial int EVP_CipherUpdate(nint context, byte* output, int* outputLength, byte* input, int inputLength);

    [LibraryImport(Library)]
    public static partial int EVP_CipherFinal_ex(nint context, byte* output, int* outputLength);

    [LibraryImport(Library)]
    public static partial int EVP_CIPHER_CTX_ctrl(nint context, int type, int argument, void* pointer);

    [LibraryImport(Library)]
    public static partial int SHA1_Init(void* context);

    [LibraryImport(Library)]
    public static partial int SHA1_Update(void* context, byte* data, nuint length);

    [LibraryImport(Library)]
    public static partial int SHA1_Final(byte* digest, void* context);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        foreach (var candidate in (ReadOnlySpan<string>)["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib"])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
            {
                return handle;
            }
        }

        return 0;
    }
}
