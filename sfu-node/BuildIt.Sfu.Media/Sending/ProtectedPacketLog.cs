using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// The last packets of a stream without a repair stream, encrypted as they were sent: to send one again is to send the same bytes, for
/// a changed one under the same index would repeat the keystream. Memory follows the bitrate up to a limit. Used on one loop.
/// </summary>
internal sealed class ProtectedPacketLog(int capacity, int maxBytes)
{
    /// <summary>How long packets stay while the limit allows: later a repair is of no use to a listener.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromMilliseconds(500);

    private const int InitialBytes = 4096;

    private readonly Entry[] _entries = new Entry[capacity];
    private byte[] _log = [];
    private int _offset;

    // Bytes written since the start, those skipped at the end of a round included.
    private long _written;
    private Instant _roundSince;

    /// <summary>Keeps a packet under its widened sequence number.</summary>
    public void Add(long sequence, ReadOnlySpan<byte> packet, Instant now)
    {
        if (packet.Length > maxBytes / 4)
            return;
        if (_offset + packet.Length > _log.Length)
            EndRound(packet.Length, now);
        packet.CopyTo(_log.AsSpan(_offset));
        _entries[sequence & _entries.Length - 1] = new Entry
        {
            Number = (ushort)sequence,
            Length = packet.Length,
            Offset = _offset,
            Written = _written,
            SentAt = (uint)now.Milliseconds,
        };
        _offset += packet.Length;
        _written += packet.Length;
    }

    /// <summary>The entry of a sequence number; a null reference when the packet is not kept any more.</summary>
    public ref Entry Find(ushort number)
    {
        ref var entry = ref _entries[number & _entries.Length - 1];
        return ref entry.Length > 0 && entry.Number == number && _written - entry.Written <= _log.Length
            ? ref entry
            : ref System.Runtime.CompilerServices.Unsafe.NullRef<Entry>();
    }

    public ReadOnlySpan<byte> PacketOf(in Entry entry) => _log.AsSpan(entry.Offset, entry.Length);

    /// <summary>The log is full: begins anew at its start, or makes it longer when that came too soon.</summary>
    private void EndRound(int needed, Instant now)
    {
        var isTooSoon = _log.Length == 0 || now - _roundSince < Retention;
        _roundSince = now;
        var length = Math.Min(maxBytes, Math.Max(_log.Length * 2, Math.Max(InitialBytes, needed)));
        if (!isTooSoon || length - _offset < needed)
        {
            _written += _log.Length - _offset;
            _offset = 0;
            return;
        }

        // What was overwritten in this round must not seem to be there again.
        foreach (ref var entry in _entries.AsSpan())
        {
            if (_written - entry.Written > _log.Length)
                entry = default;
        }

        Array.Resize(ref _log, length);
    }

    internal struct Entry
    {
        public long Written;

        public int Offset;

        public int Length;

        /// <summary>When it was last sent, in milliseconds; wraps.</summary>
        public uint SentAt;

        public ushort Number;

        public byte Retransmissions;
    }
}
