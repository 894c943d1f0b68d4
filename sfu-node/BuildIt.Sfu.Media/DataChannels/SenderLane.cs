using System.Buffers;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.DataChannels;

/// <summary>
/// The messages of one sender that wait for one receiver. Reliable ones are kept whatever their age; of the others the oldest are
/// dropped when there are too many or they are too late to be of use. Its kinds take turns.
/// </summary>
/// <typeparam name="TSender">What names a sender.</typeparam>
internal sealed class SenderLane<TSender>
    where TSender : struct
{
    /// <summary>Charged for each message besides its bytes.</summary>
    public const int Overhead = 64;

    private const int KindCount = 3;

    /// <summary>Of one kind that is not reliable.</summary>
    private const int MaxLossyBytes = 128 * 1024;

    private static readonly TimeSpan MaxLossyAge = TimeSpan.FromMilliseconds(300);

    private readonly Queue<Waiting>[] _queues = [new(), new(), new()];
    private readonly int[] _bytes = new int[KindCount];
    private int _next;

    public TSender Sender { get; set; }

    /// <summary>Bytes that this lane may send before the next one's turn.</summary>
    public int Credit { get; set; }

    /// <summary>Its sender has been asked to stop.</summary>
    public bool Holds { get; set; }

    public int ReliableBytes => _bytes[0];

    public bool IsEmpty => _queues[0].Count + _queues[1].Count + _queues[2].Count == 0;

    /// <summary>Keeps the message itself, which must not change any more.</summary>
    public void AddReliable(ReadOnlyMemory<byte> message, Instant now) => Add(0, new Waiting(message, null, now));

    /// <summary>Keeps a copy of the message; returns how many older ones it has pushed out.</summary>
    public int AddLossy(int kind, ReadOnlySpan<byte> message, Instant now)
    {
        var copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        Add(kind, new Waiting(copy.AsMemory(0, message.Length), copy, now));
        var dropped = 0;
        while (_bytes[kind] > MaxLossyBytes && _queues[kind].Count > 1)
        {
            Remove(kind);
            dropped++;
        }

        return dropped;
    }

    /// <summary>Drops what has come to be of no use; returns how many.</summary>
    public int DropLate(Instant now)
    {
        var dropped = 0;
        for (var kind = 1; kind < KindCount; kind++)
        {
            while (_queues[kind].TryPeek(out var oldest) && now - oldest.At > MaxLossyAge)
            {
                Remove(kind);
                dropped++;
            }
        }

        return dropped;
    }

    /// <summary>The message whose turn it is; call when there is one.</summary>
    public ReadOnlyMemory<byte> Peek(out int kind)
    {
        while (_queues[_next].Count == 0)
        {
            _next = (_next + 1) % KindCount;
        }

        kind = _next;
        return _queues[kind].Peek().Message;
    }

    /// <summary>Takes away what <see cref="Peek"/> has shown.</summary>
    public void Remove()
    {
        Remove(_next);
        _next = (_next + 1) % KindCount;
    }

    /// <summary>Empties it, for the next sender.</summary>
    public void Clear()
    {
        for (var kind = 0; kind < KindCount; kind++)
        {
            while (_queues[kind].Count > 0)
            {
                Remove(kind);
            }
        }

        Credit = 0;
        Holds = false;
    }

    private void Add(int kind, in Waiting message)
    {
        _queues[kind].Enqueue(message);
        _bytes[kind] += message.Message.Length + Overhead;
    }

    private void Remove(int kind)
    {
        var message = _queues[kind].Dequeue();
        _bytes[kind] -= message.Message.Length + Overhead;
        if (message.Pooled is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly record struct Waiting(ReadOnlyMemory<byte> Message, byte[]? Pooled, Instant At);
}
