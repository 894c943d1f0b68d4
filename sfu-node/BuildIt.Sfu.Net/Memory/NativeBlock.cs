using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Net.Memory;

/// <summary>
/// A block of native memory with one owner: the kernel reads and writes it, the garbage collector never sees it.
/// In debug builds every live block is known by its owner's name (<see cref="LiveOwners"/>).
/// </summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private const int CacheLine = 64;

#if DEBUG
    private static readonly HashSet<NativeBlock> Live = [];
#endif

    private readonly string _owner;
    private byte* _pointer;

    public NativeBlock(int length, string owner)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        _owner = owner;
        Length = length;
        _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)length, CacheLine);
        NativeMemory.Clear(_pointer, (nuint)length);
        Track(this, alive: true);
    }

    public int Length { get; }

    public byte* Pointer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _pointer;
    }

    /// <summary>Owners of the blocks that are alive now; always empty in release builds.</summary>
    public static IReadOnlyList<string> LiveOwners()
    {
#if DEBUG
        lock (Live)
        {
            return [.. Live.Select(block => block._owner)];
        }
#else
        return [];
#endif
    }

    public void Dispose()
    {
        if (_pointer == null)
        {
            return;
        }

        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
        Track(this, alive: false);
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private static void Track(NativeBlock block, bool alive)
    {
#if DEBUG
        lock (Live)
        {
            _ = alive ? Live.Add(block) : Live.Remove(block);
        }
#else
        _ = block;
        _ = alive;
#endif
    }
}
