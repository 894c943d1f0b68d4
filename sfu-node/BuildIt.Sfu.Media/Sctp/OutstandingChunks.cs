using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

internal enum OutstandingState : byte
{
    InFlight,

    /// <summary>Reported in a gap block; it may be taken back (RFC 9260 section 6.2.1).</summary>
    Acked,

    /// <summary>Waits to be sent again.</summary>
    Retransmit,

    /// <summary>Given up; the peer is told to skip it (RFC 3758 section 3.5).</summary>
    Abandoned,
}

/// <summary>A chunk that has a TSN and is not cumulatively acknowledged.</summary>
internal struct OutstandingChunk
{
    public SendMessage Message;
    public int Offset;
    public int Length;
    public Instant SentAt;
    public int Transmissions;
    public byte Misses;
    public OutstandingState State;
}

/// <summary>Outstanding chunks in TSN order, as a ring that grows up to a limit.</summary>
internal sealed class OutstandingChunks(uint firstTsn)
{
    /// <summary>Bounds the work of one SACK. 4 MiB of full chunks are fewer.</summary>
    public const int Limit = 4096;

    private OutstandingChunk[] _ring = new OutstandingChunk[64];
    private int _head;

    public int Count { get; private set; }

    /// <summary>TSN of the chunk at index 0.</summary>
    public uint FirstTsn { get; private set; } = firstTsn;

    /// <summary>TSN of the next chunk to be added.</summary>
    public uint NextTsn => FirstTsn + (uint)Count;

    public bool IsFull => Count >= Limit;

    public ref OutstandingChunk this[int index] => ref _ring[(_head + index) & (_ring.Length - 1)];

    public void Add(in OutstandingChunk chunk)
    {
        if (Count == _ring.Length)
        {
            var larger = new OutstandingChunk[_ring.Length * 2];
            for (var i = 0; i < Count; i++)
            {
                larger[i] = this[i];
            }

            _ring = larger;
            _head = 0;
        }

        _ring[(_head + Count) & (_ring.Length - 1)] = chunk;
        Count++;
    }

    public void RemoveFirst()
    {
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        FirstTsn++;
    }
}
