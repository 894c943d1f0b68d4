using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// The last packets of one incoming stream, stored once for all its subscribers' retransmissions. A log of bytes with an index by
/// sequence number: memory follows the bitrate. It doubles while packets are overwritten sooner than <see cref="Retention"/>,
/// up to a limit, and never allocates otherwise. Used on one loop.
/// </summary>
public sealed class PacketHistory
{
    /// <summary>How long packets stay while the limit allows.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromSeconds(1);

    /// <summary>Packets in the index.</summary>
    public const int Capacity = 1024;

    private const int InitialBytes = 32 * 1024;

    private readonly int _maxBytes;
    private readonly Entry[] _entries;
    private byte[] _log;
    private long _head;
    private long _last = -1;
    private Instant _filledSince;
    private long _filledFrom;

    /// <param name="maxBytes">Most bytes of packets kept; 1 MiB suits video of up to 8 Mbps.</param>
    public PacketHistory(int maxBytes)
    {
        _maxBytes = maxBytes;
        _log = new byte[Math.Min(InitialBytes, maxBytes)];
        _entries = new Entry[Capacity];
    }

    /// <summary>Bytes of memory held for packets.</summary>
    public int AllocatedBytes => _log.Length;

    /// <summary>Stores a packet under its widened sequence number.</summary>
    public void Add(long sequence, ReadOnlySpan<byte> packet, in PayloadFacts facts, Instant now)
    {
        if (packet.Length > _maxBytes / 4)
            return;
        if (_head > 0 && IsOverwrittenTooSoon(packet.Length, now) && _log.Length < _maxBytes)
            Grow();

        // Each packet lies in one piece: skip the rest of the log when it does not fit before the end.
        var offset = (int)(_head % _log.Length);
        if (offset + packet.Length > _log.Length)
        {
            _head += _log.Length - offset;
            offset = 0;
        }

        packet.CopyTo(_log.AsSpan(offset));
        ref var entry = ref _entries[sequence % Capacity];
        entry.Sequence = sequence;
        entry.Position = _head;
        entry.Length = packet.Length;
        entry.Facts = facts;
        _head += packet.Length;
        _last = sequence;
    }

    /// <summary>Finds a packet; false when it never came or was overwritten. The span is valid until the next <see cref="Add"/>.</summary>
    public bool TryGet(long sequence, out RtpPacketView packet, out PayloadFacts facts)
    {
        packet = default;
        facts = default;
        if (sequence < 0)
            return false;
        ref readonly var entry = ref _entries[sequence % Capacity];
        if (entry.Sequence != sequence || entry.Length == 0 || entry.Position < _head - _log.Length)
            return false;
        facts = entry.Facts;
        return RtpPacketView.TryParse(_log.AsSpan((int)(entry.Position % _log.Length), entry.Length), out packet);
    }

    private bool IsOverwrittenTooSoon(int length, Instant now)
    {
        // The index by sequence number gives no oldest packet; the log's age is estimated by the rate at which it was filled last.
        var elapsed = now - _filledSince;
        if (_head + length - _filledFrom < _log.Length)
            return false;
        _filledSince = now;
        _filledFrom = _head;
        return elapsed < Retention;
    }

    private void Grow()
    {
        // Positions are only meaningful for the old size: pack what is alive into the new log.
        var old = _log;
        var oldHead = _head;
        _log = new byte[Math.Min(_maxBytes, old.Length * 2)];
        _head = 0;
        for (var i = 0; i < Capacity; i++)
        {
            ref var entry = ref _entries[i];
            if (entry.Length == 0)
                continue;
            if (entry.Position < oldHead - old.Length)
            {
                entry = default;
                continue;
            }

            old.AsSpan((int)(entry.Position % old.Length), entry.Length).CopyTo(_log.AsSpan((int)_head));
            entry.Position = _head;
            _head += entry.Length;
        }

        _filledFrom = _head;
    }

    private struct Entry
    {
        public long Sequence;
        public long Position;
        public int Length;
        public PayloadFacts Facts;
    }
}
