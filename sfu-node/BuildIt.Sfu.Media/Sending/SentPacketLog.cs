namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// Where each of the last packets of a down track came from and what was rewritten in it: enough to make it again from the
/// publisher-side history. 28 bytes for each packet instead of the packet.
/// </summary>
internal sealed class SentPacketLog(int capacity)
{
    private readonly Entry[] _entries = new Entry[capacity];

    public void Add(long sequence, in Entry entry)
    {
        ref var slot = ref _entries[sequence & _entries.Length - 1];
        slot = entry;
        slot.Number = (ushort)sequence;
        slot.IsUsed = true;
    }

    /// <summary>The entry of a sequence number; a null reference when it is not remembered.</summary>
    public ref Entry Find(ushort number)
    {
        ref var slot = ref _entries[number & _entries.Length - 1];
        return ref slot.IsUsed && slot.Number == number
            ? ref slot
            : ref System.Runtime.CompilerServices.Unsafe.NullRef<Entry>();
    }

    public void Clear() => Array.Clear(_entries);

    internal struct Entry
    {
        /// <summary>Low 32 bits of the widened source sequence number.</summary>
        public uint SourceSequence;

        public uint Timestamp;

        /// <summary>When it was last sent, in milliseconds; wraps.</summary>
        public uint SentAt;

        public uint ActiveTargets;

        public ushort Number;

        public ushort PictureId;

        public byte Tl0PictureIndex;

        /// <summary>Simulcast layer it came from.</summary>
        public byte Layer;

        public byte Retransmissions;

        public bool Marker;

        public bool IsUsed;
    }
}
