using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Limits;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>The last reliable messages of one publisher, for subscribers whose connection was away.</summary>
internal sealed class ReplayBuffer(ClientLimits limits)
{
    private readonly Queue<Entry> _entries = new();
    private int _bytes;

    public void Add(DataPacket packet, byte[] encoded, Instant now)
    {
        Trim(now);
        _entries.Enqueue(new Entry(now, packet, encoded));
        _bytes += encoded.Length;
        while ((_bytes > limits.ReplayBytes && _entries.Count > 1) || _entries.Count > limits.ReplayMessages)
        {
            _bytes -= _entries.Dequeue().Encoded.Length;
        }
    }

    /// <summary>Messages after <paramref name="lastSequence"/>, oldest first.</summary>
    public IEnumerable<(DataPacket Packet, byte[] Encoded)> After(uint lastSequence, Instant now)
    {
        Trim(now);
        return _entries.Where(e => e.Packet.Sequence > lastSequence).Select(e => (e.Packet, e.Encoded));
    }

    private void Trim(Instant now)
    {
        while (_entries.Count > 0 && now - _entries.Peek().At > limits.ReplayAge)
        {
            _bytes -= _entries.Dequeue().Encoded.Length;
        }
    }

    private readonly record struct Entry(Instant At, DataPacket Packet, byte[] Encoded);
}
