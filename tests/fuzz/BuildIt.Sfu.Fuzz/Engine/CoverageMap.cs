using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SharpFuzz.Common;

namespace BuildIt.Sfu.Fuzz.Engine;

/// <summary>
/// The counters that instrumented code increments, one byte for each edge, and what has been seen of them so far.
/// Process-wide, because SharpFuzz keeps the address in a static field. Code without instrumentation leaves it empty.
/// </summary>
internal sealed unsafe class CoverageMap
{
    /// <summary>SharpFuzz numbers branches with 16 bits.</summary>
    public const int Size = 1 << 16;

    private static byte* _counters;

    private readonly byte[] _seen = new byte[Size];

    /// <summary>Edges that some input has reached.</summary>
    public int Edges { get; private set; }

    private static Span<byte> Current => new(_counters, Size);

    /// <summary>Before an input runs.</summary>
    public static void Clear()
    {
        Current.Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>
    /// After an input ran: whether it reached an edge for the first time, or one in a new order of magnitude of repetitions.
    /// </summary>
    public bool Merge()
    {
        var isNew = false;
        var seen = MemoryMarshal.Cast<byte, ulong>(_seen.AsSpan());
        for (var block = 0; block < Size; block += Vector256<byte>.Count)
        {
            // Nearly all of the map is zero.
            if (Vector256.Load(_counters + block) == Vector256<byte>.Zero)
            {
                continue;
            }

            for (var i = block / 8; i < (block + Vector256<byte>.Count) / 8; i++)
            {
                isNew |= MergeWord(((ulong*)_counters)[i], ref seen[i]);
            }
        }

        return isNew;
    }

    /// <summary>What the last input reached: edge and magnitude in one number.</summary>
    public static HashSet<int> Reached(bool withMagnitude)
    {
        var reached = new HashSet<int>();
        for (var i = 0; i < Size; i++)
        {
            if (_counters[i] != 0)
            {
                reached.Add(withMagnitude ? i << 8 | Magnitude(_counters[i]) : i);
            }
        }

        return reached;
    }

    // Before any instrumented code runs, even in a static constructor: it would write to address 0.
    [ModuleInitializer]
    internal static void Attach()
    {
        _counters = (byte*)NativeMemory.AlignedAlloc(Size, 64);
        Current.Clear();
        Trace.SharedMem = _counters;
    }

    private bool MergeWord(ulong counters, ref ulong seen)
    {
        if (counters == 0)
        {
            return false;
        }

        var isNew = false;
        for (var shift = 0; shift < 64; shift += 8)
        {
            var count = (byte)(counters >> shift);
            if (count == 0)
            {
                continue;
            }

            var magnitude = (ulong)Magnitude(count) << shift;
            if ((seen & magnitude) == 0)
            {
                Edges += (byte)(seen >> shift) == 0 ? 1 : 0;
                seen |= magnitude;
                isNew = true;
            }
        }

        return isNew;
    }

    // One bit for each power of two: a loop that runs a few times more is not news.
    private static byte Magnitude(byte count) => (byte)(1 << BitOperations.Log2(count));
}
