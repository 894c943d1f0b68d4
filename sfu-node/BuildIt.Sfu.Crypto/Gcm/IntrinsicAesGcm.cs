using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using Aes = System.Runtime.Intrinsics.X86.Aes;

namespace BuildIt.Sfu.Crypto.Gcm;

/// <summary>
/// AES-128-GCM (NIST SP 800-38D) by the processor's own instructions. A call of OpenSSL's takes longer to set up than a packet takes
/// to encrypt, and its code is spread over more of the cache than all of ours. Every step takes the same time whatever the key and data.
/// </summary>
internal sealed unsafe class IntrinsicAesGcm : AesGcmContext
{
    public const int KeyLength = 16;

    private const int BlockLength = 16;
    private const int Parallel = 8;
    private const int ChunkLength = 2 * Parallel * BlockLength;

    private readonly GHash _hash;
    private readonly bool _wide;
    private RoundKeys _keys;

    /// <param name="key">16 bytes.</param>
    /// <param name="wide">Use 512-bit vectors where the processor has them.</param>
    public IntrinsicAesGcm(ReadOnlySpan<byte> key, bool wide = true)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength);
        _wide = wide;
        Expand(Vector128.Create(key));
        _hash = new GHash(Encrypt(Vector128<byte>.Zero));
    }

    public static bool IsSupported => Aes.IsSupported && GHash.IsSupported;

    public override bool Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, Span<byte> tag)
    {
        var counter = FirstCounter(nonce, out var mask);
        fixed (byte* associatedStart = associated, start = data)
        {
            var hash = _hash.Add(default, associatedStart, associated.Length);
            var position = start;
            var left = data.Length;
            for (; left >= ChunkLength; left -= ChunkLength, position += ChunkLength)
            {
                counter = CryptEight(position, counter);
                counter = CryptEight(position + Parallel * BlockLength, counter);
                hash = _hash.AddSixteen(hash, position, _wide);
            }

            CryptRest(position, left, counter);
            hash = _hash.Add(hash, position, left);
            (_hash.Finish(hash, associated.Length, data.Length) ^ mask).CopyTo(tag);
        }

        return true;
    }

    public override bool Open(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> data, ReadOnlySpan<byte> tag)
    {
        var counter = FirstCounter(nonce, out var mask);
        fixed (byte* associatedStart = associated, start = data)
        {
            var hash = _hash.Add(default, associatedStart, associated.Length);
            var position = start;
            var left = data.Length;
            for (; left >= ChunkLength; left -= ChunkLength, position += ChunkLength)
            {
                hash = _hash.AddSixteen(hash, position, _wide);
                counter = CryptEight(position, counter);
                counter = CryptEight(position + Parallel * BlockLength, counter);
            }

            hash = _hash.Add(hash, position, left);
            CryptRest(position, left, counter);
            Span<byte> expected = stackalloc byte[TagLength];
            (_hash.Finish(hash, associated.Length, data.Length) ^ mask).CopyTo(expected);
            return CryptographicOperations.FixedTimeEquals(expected, tag);
        }
    }

    public override void Dispose()
    {
        _keys = default;
        _hash.Clear();
    }

    /// <summary>The counter of the first block of data, lowest byte first, and the block that hides the tag (SP 800-38D section 7.1).</summary>
    private Vector128<uint> FirstCounter(ReadOnlySpan<byte> nonce, out Vector128<byte> mask)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceLength);
        var counter = Vector128.Create(
            1,
            BinaryPrimitives.ReadUInt32BigEndian(nonce[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(nonce[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(nonce));
        mask = Encrypt(GHash.Reverse(counter.AsByte()));
        return counter + Vector128.CreateScalar(1u);
    }

    private Vector128<byte> Encrypt(Vector128<byte> block)
    {
        block ^= _keys[0];
        for (var round = 1; round < RoundKeys.Rounds; round++)
        {
            block = Aes.Encrypt(block, _keys[round]);
        }

        return Aes.EncryptLast(block, _keys[RoundKeys.Rounds]);
    }

    /// <summary>Eight blocks at once keep the processor's AES units busy; one after another, each round would wait for the last.</summary>
    private Vector128<uint> CryptEight(byte* data, Vector128<uint> counter)
    {
        var one = Vector128.CreateScalar(1u);
        var key = _keys[0];
        var b0 = GHash.Reverse(counter.AsByte()) ^ key;
        var b1 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b2 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b3 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b4 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b5 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b6 = GHash.Reverse((counter += one).AsByte()) ^ key;
        var b7 = GHash.Reverse((counter += one).AsByte()) ^ key;
        for (var round = 1; round < RoundKeys.Rounds; round++)
        {
            key = _keys[round];
            b0 = Aes.Encrypt(b0, key);
            b1 = Aes.Encrypt(b1, key);
            b2 = Aes.Encrypt(b2, key);
            b3 = Aes.Encrypt(b3, key);
            b4 = Aes.Encrypt(b4, key);
            b5 = Aes.Encrypt(b5, key);
            b6 = Aes.Encrypt(b6, key);
            b7 = Aes.Encrypt(b7, key);
        }

        key = _keys[RoundKeys.Rounds];
        var blocks = (Vector128<byte>*)data;
        blocks[0] ^= Aes.EncryptLast(b0, key);
        blocks[1] ^= Aes.EncryptLast(b1, key);
        blocks[2] ^= Aes.EncryptLast(b2, key);
        blocks[3] ^= Aes.EncryptLast(b3, key);
        blocks[4] ^= Aes.EncryptLast(b4, key);
        blocks[5] ^= Aes.EncryptLast(b5, key);
        blocks[6] ^= Aes.EncryptLast(b6, key);
        blocks[7] ^= Aes.EncryptLast(b7, key);
        return counter + one;
    }

    private void CryptRest(byte* data, int length, Vector128<uint> counter)
    {
        const int EightBlocks = Parallel * BlockLength;
        if (length >= EightBlocks)
        {
            counter = CryptEight(data, counter);
            data += EightBlocks;
            length -= EightBlocks;
        }

        if (length > 0)
        {
            // In a full-sized copy, so that nothing beyond the data is touched.
            var rest = stackalloc byte[EightBlocks];
            Unsafe.CopyBlockUnaligned(rest, data, (uint)length);
            CryptEight(rest, counter);
            Unsafe.CopyBlockUnaligned(data, rest, (uint)length);
        }
    }

    /// <summary>FIPS 197 section 5.2.</summary>
    private void Expand(Vector128<byte> key)
    {
        _keys[0] = key;
        _keys[1] = key = Next(key, Aes.KeygenAssist(key, 0x01));
        _keys[2] = key = Next(key, Aes.KeygenAssist(key, 0x02));
        _keys[3] = key = Next(key, Aes.KeygenAssist(key, 0x04));
        _keys[4] = key = Next(key, Aes.KeygenAssist(key, 0x08));
        _keys[5] = key = Next(key, Aes.KeygenAssist(key, 0x10));
        _keys[6] = key = Next(key, Aes.KeygenAssist(key, 0x20));
        _keys[7] = key = Next(key, Aes.KeygenAssist(key, 0x40));
        _keys[8] = key = Next(key, Aes.KeygenAssist(key, 0x80));
        _keys[9] = key = Next(key, Aes.KeygenAssist(key, 0x1B));
        _keys[10] = Next(key, Aes.KeygenAssist(key, 0x36));

        static Vector128<byte> Next(Vector128<byte> key, Vector128<byte> assist)
        {
            key ^= Sse2.ShiftLeftLogical128BitLane(key, 4);
            key ^= Sse2.ShiftLeftLogical128BitLane(key, 8);
            return key ^ Sse2.Shuffle(assist.AsUInt32(), 0xFF).AsByte();
        }
    }

    [InlineArray(Rounds + 1)]
    private struct RoundKeys
    {
        public const int Rounds = 10;

        private Vector128<byte> _first;
    }
}
