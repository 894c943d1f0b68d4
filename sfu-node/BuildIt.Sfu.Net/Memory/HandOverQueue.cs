using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Memory;

/// <summary>
/// Datagrams that arrived on one loop and belong to another. Many loops write, the owning loop reads; lock-free and
/// bounded (D. Vyukov's array queue: each slot's turn says who may touch it). A full queue refuses, it never waits.
/// </summary>
internal sealed unsafe class HandOverQueue : IDisposable
{
    /// <summary>Largest datagram that can change loops. Media stays under 1,500 bytes.</summary>
    public const int MaxDatagram = 2048;

    private readonly Slot[] _slots;
    private readonly NativeBlock _memory;
    private readonly int _mask;
    private Cursors _cursors;

    /// <param name="capacity">Datagrams held at most; a power of two.</param>
    public HandOverQueue(int capacity)
    {
        if (capacity <= 0 || (capacity & (capacity - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), "must be a power of two");
        }

        _slots = new Slot[capacity];
        for (int i = 0; i < capacity; i++)
        {
            _slots[i].Turn = i;
        }

        _mask = capacity - 1;
        _memory = new NativeBlock(capacity * MaxDatagram);
    }

    /// <summary>True when nothing can be read now. Exact only on the reading loop.</summary>
    public bool IsEmpty => Volatile.Read(ref _slots[_cursors.Head & _mask].Turn) != _cursors.Head + 1;

    /// <summary>Copies a datagram in. False when the queue is full or the datagram too large. Any thread.</summary>
    public bool TryEnqueue(ReadOnlySpan<byte> datagram, in TransportAddress from, in LocalAddress local)
    {
        if (datagram.Length > MaxDatagram)
        {
            return false;
        }

        long tail = Volatile.Read(ref _cursors.Tail);
        while (true)
        {
            ref Slot slot = ref _slots[tail & _mask];
            long difference = Volatile.Read(ref slot.Turn) - tail;
            if (difference < 0)
            {
                return false;
            }

            if (difference > 0)
            {
                tail = Volatile.Read(ref _cursors.Tail);
                continue;
            }

            long seen = Interlocked.CompareExchange(ref _cursors.Tail, tail + 1, tail);
            if (seen == tail)
            {
                datagram.CopyTo(Memory((int)(tail & _mask), datagram.Length));
                slot.Length = datagram.Length;
                slot.From = from;
                slot.Local = local;
                Volatile.Write(ref slot.Turn, tail + 1);
                return true;
            }

            tail = seen;
        }
    }

    /// <summary>The oldest datagram, valid until <see cref="Release"/>. Owning loop only.</summary>
    public bool TryPeek(out Span<byte> datagram, out TransportAddress from, out LocalAddress local)
    {
        int index = (int)(_cursors.Head & _mask);
        ref Slot slot = ref _slots[index];
        if (Volatile.Read(ref slot.Turn) != _cursors.Head + 1)
        {
            datagram = default;
            from = default;
            local = default;
            return false;
        }

        datagram = Memory(index, slot.Length);
        from = slot.From;
        local = slot.Local;
        return true;
    }

    /// <summary>Gives the slot of the last <see cref="TryPeek"/> back to the writers.</summary>
    public void Release()
    {
        ref Slot slot = ref _slots[_cursors.Head & _mask];
        Volatile.Write(ref slot.Turn, _cursors.Head + _slots.Length);
        _cursors.Head++;
    }

    public void Dispose() => _memory.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Memory(int index, int length) => new(_memory.Pointer + (long)index * MaxDatagram, length);

    private struct Slot
    {
        public long Turn;
        public int Length;
        public TransportAddress From;
        public LocalAddress Local;
    }

    // Reader's and writers' positions on cache lines of their own: otherwise each slows the other.
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Cursors
    {
        [FieldOffset(64)]
        public long Tail;

        [FieldOffset(128)]
        public long Head;
    }
}
