using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Net.Memory;

/// <summary>A block of native memory with one owner: the kernel reads and writes it, the garbage collector never sees it.</summary>
internal sealed unsafe class NativeBlock : IDisposable
{
    private const int CacheLine = 64;

    private byte* _pointer;

    public NativeBlock(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Length = length;
        _pointer = (byte*)NativeMemory.AlignedAlloc((nuint)length, CacheLine);
        NativeMemory.Clear(_pointer, (nuint)length);
    }

    public int Length { get; }

    public byte* Pointer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _pointer;
    }

    public void Dispose()
    {
        if (_pointer == null)
        {
            return;
        }

        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }
}
