using System.Runtime.CompilerServices;

namespace BuildIt.Sfu.Crypto.Interop;

/// <summary>
/// HMAC-SHA1 (RFC 2104) under one key. The two blocks that only depend on the key are hashed once; each message starts from
/// a copy of that state, which saves half the work for a short one. Not thread-safe.
/// </summary>
internal sealed unsafe class HmacSha1Context
{
    public const int DigestLength = 20;
    private const int BlockLength = 64;

    private ContextBytes _inner;
    private ContextBytes _outer;
    private ContextBytes _running;

    /// <param name="key">At most 64 bytes.</param>
    public HmacSha1Context(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, BlockLength);
        Span<byte> block = stackalloc byte[BlockLength];
        KeyState(key, 0x36, block, ref _inner);
        KeyState(key, 0x5C, block, ref _outer);
        block.Clear();
    }

    /// <summary>HMAC of <paramref name="first"/> followed by <paramref name="second"/>, 20 bytes.</summary>
    public void Compute(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> digest)
    {
        fixed (byte* firstPointer = first, secondPointer = second, digestPointer = digest)
        fixed (void* running = &_running)
        {
            _running = _inner;
            LibCrypto.SHA1_Update(running, firstPointer, (nuint)first.Length);
            LibCrypto.SHA1_Update(running, secondPointer, (nuint)second.Length);
            LibCrypto.SHA1_Final(digestPointer, running);
            _running = _outer;
            LibCrypto.SHA1_Update(running, digestPointer, DigestLength);
            LibCrypto.SHA1_Final(digestPointer, running);
        }
    }

    private static void KeyState(ReadOnlySpan<byte> key, byte pad, Span<byte> block, ref ContextBytes state)
    {
        block.Fill(pad);
        for (var i = 0; i < key.Length; i++)
        {
            block[i] ^= key[i];
        }

        fixed (byte* blockPointer = block)
        fixed (void* statePointer = &state)
        {
            LibCrypto.SHA1_Init(statePointer);
            LibCrypto.SHA1_Update(statePointer, blockPointer, BlockLength);
        }
    }

    [InlineArray(LibCrypto.Sha1ContextLength / 4)]
    private struct ContextBytes
    {
        private uint _first;
    }
}
