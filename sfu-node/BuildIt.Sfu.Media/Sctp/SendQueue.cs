namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// Messages that are not wholly sent, by stream. Streams take turns message by message, because fragments of one message have
/// consecutive TSNs. Owns all messages of the association, also those that are sent and not acknowledged.
/// </summary>
internal sealed class SendQueue(int capacity)
{
    private const int MostSpare = 64;

    private readonly Dictionary<ushort, OutgoingStream> _streams = [];
    private readonly Queue<OutgoingStream> _turn = new();
    private readonly Stack<SendMessage> _spare = new();

    /// <summary>Bytes held, charges included.</summary>
    public int Held { get; private set; }

    /// <summary>Bytes of messages that have not been sent once, of all streams.</summary>
    public int Unsent { get; private set; }

    /// <summary>Nothing waits to be sent for the first time.</summary>
    public bool IsEmpty => _turn.Count == 0;

    public int BufferedAmount(ushort stream) => _streams.TryGetValue(stream, out var found) ? found.BufferedAmount : 0;

    public SctpSendResult Enqueue(ushort streamId, uint ppid, ReadOnlySpan<byte> data, in SctpDelivery delivery)
    {
        if (Held + data.Length + SendMessage.Overhead > capacity)
        {
            return SctpSendResult.BufferFull;
        }

        var stream = StreamOf(streamId);
        if (stream.Resetting)
        {
            return SctpSendResult.StreamUnavailable;
        }

        if (!_spare.TryPop(out var message))
        {
            message = new SendMessage();
        }

        message.Take(stream, ppid, data, delivery);
        Held += message.Charge;
        stream.BufferedAmount += message.Length;
        Unsent += message.Length;
        stream.Waiting.Enqueue(message);
        Schedule(stream);
        return SctpSendResult.Queued;
    }

    /// <summary>The message whose turn it is; null when none waits.</summary>
    public SendMessage? Peek() => _turn.TryPeek(out var stream) ? stream.Waiting.Peek() : null;

    /// <summary>The next so many bytes of the message whose turn it is are sent; with the last of them it is the next stream's turn.</summary>
    public void Advance(SendMessage message, int length)
    {
        if (message.Sent == 0 && !message.Unordered)
        {
            message.Ssn = message.Stream.NextSsn++;
        }

        Unwait(message, length);
        if (message.IsFullySent)
        {
            EndTurn(message.Stream);
        }
    }

    /// <summary>What is left of a message is not sent.</summary>
    public void GiveUp(SendMessage message)
    {
        Unwait(message, message.Length - message.Sent);
        EndTurn(message.Stream);
    }

    /// <summary>Nothing refers to a message any more.</summary>
    public void Free(SendMessage message)
    {
        Held -= message.Charge;
        message.Release();
        if (_spare.Count < MostSpare)
        {
            _spare.Push(message);
        }
    }

    /// <summary>Stops taking messages for a stream. What waits is still sent.</summary>
    public void BeginReset(ushort streamId) => StreamOf(streamId).Resetting = true;

    /// <summary>Everything of the stream has a TSN, so that its reset can be asked for (RFC 6525 section 5.1.2).</summary>
    public bool IsReadyForReset(ushort streamId) => !_streams.TryGetValue(streamId, out var stream) || stream.Waiting.Count == 0;

    /// <summary>The peer has reset the stream: sequence numbers start again.</summary>
    public void EndReset(ushort streamId) => _streams.Remove(streamId);

    /// <summary>Gives the buffers of all that waits back.</summary>
    public void Clear()
    {
        foreach (var stream in _streams.Values)
        {
            while (stream.Waiting.TryDequeue(out var message))
            {
                Free(message);
            }
        }

        _streams.Clear();
        _turn.Clear();
        Held = 0;
        Unsent = 0;
    }

    private OutgoingStream StreamOf(ushort id)
    {
        if (!_streams.TryGetValue(id, out var stream))
        {
            _streams[id] = stream = new OutgoingStream(id);
        }

        return stream;
    }

    private void Unwait(SendMessage message, int length)
    {
        message.Sent += length;
        message.Stream.BufferedAmount -= length;
        Unsent -= length;
        if (message.IsFullySent)
        {
            message.Stream.Waiting.Dequeue();
        }
    }

    private void Schedule(OutgoingStream stream)
    {
        if (!stream.Scheduled)
        {
            stream.Scheduled = true;
            _turn.Enqueue(stream);
        }
    }

    // The stream at the head has sent a message: the next stream's turn.
    private void EndTurn(OutgoingStream stream)
    {
        if (!_turn.TryPeek(out var head) || head != stream)
        {
            return;
        }

        _turn.Dequeue();
        stream.Scheduled = false;
        if (stream.Waiting.Count > 0)
        {
            Schedule(stream);
        }
    }
}
