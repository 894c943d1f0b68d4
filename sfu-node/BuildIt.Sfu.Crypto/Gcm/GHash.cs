using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace BuildIt.Sfu.Crypto.Gcm;

/// <summary>
/// The hash of GCM (NIST SP 800-38D section 6.4) by carry-less multiplication. Blocks are taken as numbers with their bytes reversed and
/// the hash key doubled, so that products need no shifting; sixteen blocks, each times its own power of the key, are reduced once.
/// </summary>
internal sealed unsafe class GHash
{
    private const int BlockLength = 16;
    private const int Powers = 16;

    /// <summary>x^128 + x^127 + x^126 + x^121 + 1, reflected.</summary>
    private static readonly Vector128<ulong> Polynomial = Vector128.Create(1UL, 0xC200_0000_0000_0000);

    private PowerTable _powers;

    /// <param name="key">A block of zeros, encrypted.</param>
    public GHash(Vector128<byte> key)
    {
        var h = Reverse(key).AsUInt64();
        var carries = h >> 63;
        var doubled = (h << 1) | Vector128.Create(0, carries[0]);
        var first = doubled ^ (Polynomial & Vector128.Create(0 - carries[1]));

        // From the highest power to the first, as a run of blocks needs them.
        var power = _powers[Powers - 1] = first;
        for (var i = Powers - 2; i >= 0; i--)
        {
            var product = default(Product);
            product.Add(power, first);
            power = _powers[i] = product.Reduce();
        }
    }

    public static bool IsSupported => Pclmulqdq.IsSupported && Ssse3.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Reverse(Vector128<byte> block) =>
        Ssse3.Shuffle(block, Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));

    /// <summary>Adds bytes, filled up with zeros to a whole block.</summary>
    public Vector128<ulong> Add(Vector128<ulong> hash, byte* data, int length)
    {
        for (; length > Powers * BlockLength; length -= Powers * BlockLength, data += Powers * BlockLength)
        {
            hash = AddBlocks(hash, data, Powers, 0);
        }

        return length == 0 ? hash : AddBlocks(hash, data, length / BlockLength, length % BlockLength);
    }

    /// <summary>Adds 256 bytes.</summary>
    public Vector128<ulong> AddSixteen(Vector128<ulong> hash, byte* data, bool wide) =>
        wide && Pclmulqdq.V512.IsSupported && Avx512BW.IsSupported ? AddWide(hash, data) : AddBlocks(hash, data, Powers, 0);

    /// <summary>Adds the lengths and gives the hash as bytes.</summary>
    public Vector128<byte> Finish(Vector128<ulong> hash, int associatedLength, int dataLength)
    {
        var product = default(Product);
        product.Add(hash ^ Vector128.Create((ulong)dataLength * 8, (ulong)associatedLength * 8), _powers[Powers - 1]);
        return Reverse(product.Reduce().AsByte());
    }

    public void Clear() => _powers = default;

    private Vector128<ulong> AddBlocks(Vector128<ulong> hash, byte* data, int whole, int rest)
    {
        var product = default(Product);
        var power = Powers - whole - (rest > 0 ? 1 : 0);
        for (var i = 0; i < whole; i++, data += BlockLength)
        {
            product.Add(hash ^ Reverse(*(Vector128<byte>*)data).AsUInt64(), _powers[power++]);
            hash = default;
        }

        if (rest > 0)
        {
            Vector128<byte> last = default;
            Unsafe.CopyBlockUnaligned(&last, data, (uint)rest);
            product.Add(hash ^ Reverse(last).AsUInt64(), _powers[power]);
        }

        return product.Reduce();
    }

    private Vector128<ulong> AddWide(Vector128<ulong> hash, byte* data)
    {
        var order = Vector512.Create(
            Vector256.Create(
                Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)),
            Vector256.Create(
                Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)));
        var low = Vector512<ulong>.Zero;
        var middle = Vector512<ulong>.Zero;
        var high = Vector512<ulong>.Zero;
        var added = Vector512.Create(Vector256.Create(hash, default), default);
        ref var powers = ref Unsafe.As<PowerTable, ulong>(ref _powers);
        for (var i = 0; i < Powers; i += 4)
        {
            var blocks = added ^ Avx512BW.Shuffle(Vector512.Load(data + i * BlockLength), order).AsUInt64();
            var power = Vector512.LoadUnsafe(ref powers, (nuint)(2 * i));
            added = default;
            low ^= Pclmulqdq.V512.CarrylessMultiply(blocks, power, 0x00);
            high ^= Pclmulqdq.V512.CarrylessMultiply(blocks, power, 0x11);
            middle ^= Pclmulqdq.V512.CarrylessMultiply(blocks, power, 0x01) ^ Pclmulqdq.V512.CarrylessMultiply(blocks, power, 0x10);
        }

        return new Product { Low = Fold(low), Middle = Fold(middle), High = Fold(high) }.Reduce();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<ulong> Fold(Vector512<ulong> sums)
        {
            var half = sums.GetLower() ^ sums.GetUpper();
            return half.GetLower() ^ half.GetUpper();
        }
    }

    /// <summary>A sum of products of 128-bit polynomials, not reduced: its parts have the weights 1, x^64 and x^128.</summary>
    private struct Product
    {
        public Vector128<ulong> Low;
        public Vector128<ulong> Middle;
        public Vector128<ulong> High;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector128<ulong> a, Vector128<ulong> b)
        {
            Low ^= Pclmulqdq.CarrylessMultiply(a, b, 0x00);
            High ^= Pclmulqdq.CarrylessMultiply(a, b, 0x11);
            Middle ^= Pclmulqdq.CarrylessMultiply(a, b, 0x01) ^ Pclmulqdq.CarrylessMultiply(a, b, 0x10);
        }

        /// <summary>Montgomery's way: the lower parts are divided out from below, 64 bits at a time.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector128<ulong> Reduce()
        {
            var middle = Middle ^ Swap(Low) ^ Pclmulqdq.CarrylessMultiply(Polynomial, Low, 0x01);
            return High ^ Swap(middle) ^ Pclmulqdq.CarrylessMultiply(Polynomial, middle, 0x01);
        }

        private static Vector128<ulong> Swap(Vector128<ulong> value) => Sse2.Shuffle(value.AsUInt32(), 0x4E).AsUInt64();
    }

    [InlineArray(Powers)]
    private struct PowerTable
    {
        private Vector128<ulong> _first;
    }
}
