using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// The sending half of an association: queues by stream served in turn, fragmentation, outstanding chunks and their
/// retransmission. Streams take turns message by message, because fragments of one message have consecutive TSNs.
/// </summary>
internal sealed class SctpSender
{
    /// <summary>Missing reports that make a chunk count as lost (RFC 9260 section 7.2.4).</summary>
    private const int MissesForLoss = 3;

    private readonly SctpOptions _options;
    private readonly OutstandingChunks _chunks;
    private readonly CongestionWindow _window;
    private readonly RetransmissionTimeout _rto;
    private readonly Dictionary<ushort, OutgoingStream> _streams = [];
    private readonly Queue<OutgoingStream> _turn = new();
    private readonly Stack<SendMessage> _spare = new();
    private long _peerWindow;
    private int _flight;
    private int _toRetransmit;
    private bool _fastRetransmit;
    private uint _skipSent;

    public SctpSender(SctpOptions options, RetransmissionTimeout rto, uint firstTsn, uint peerWindow)
    {
        _options = options;
        _rto = rto;
        _chunks = new OutstandingChunks(firstTsn);
        _window = new CongestionWindow(options.MaxFragment);
        _peerWindow = peerWindow;
        _skipSent = firstTsn - 1;
    }

    /// <summary>T3-rtx of RFC 9260 section 6.3.2; also covers an unacknowledged FORWARD TSN.</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    /// <summary>Bytes held, charges included.</summary>
    public int Held { get; private set; }

    /// <summary>Nothing waits and nothing is outstanding.</summary>
    public bool IsIdle => _chunks.Count == 0 && _turn.Count == 0;

    /// <summary>Bytes of messages that have not been sent once, of all streams.</summary>
    public int Unsent { get; private set; }

    /// <summary>Something waits to be sent, for the first time or again.</summary>
    public bool HasWork => _turn.Count > 0 || _toRetransmit > 0;

    public uint LastAssignedTsn => _chunks.NextTsn - 1;

    public int CongestionWindow => _window.Size;

    public int BufferedAmount(ushort stream) => _streams.TryGetValue(stream, out var found) ? found.BufferedAmount : 0;

    public SctpSendResult Enqueue(ushort streamId, uint ppid, ReadOnlySpan<byte> data, in SctpDelivery delivery)
    {
        if (Held + data.Length + SendMessage.Overhead > _options.SendBuffer)
        {
            return SctpSendResult.BufferFull;
        }

        if (!_streams.TryGetValue(streamId, out var stream))
        {
            _streams[streamId] = stream = new OutgoingStream(streamId);
        }

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

    /// <summary>Appends FORWARD TSN and, when they may go, DATA chunks while they fit and the windows allow.</summary>
    public void Write(ref SctpPacketWriter packet, bool mayData, Instant now)
    {
        WriteSkip(ref packet, now);
        if (!mayData)
        {
            return;
        }

        WriteRetransmissions(ref packet, now);
        while (TryWriteNew(ref packet, now))
        {
        }
    }

    /// <summary>Takes a SACK (RFC 9260 section 6.2.1). False when it acknowledges what was never sent.</summary>
    public bool Acknowledge(uint cumulative, uint window, ReadOnlySpan<byte> gaps, Instant now, out bool progressed)
    {
        progressed = false;
        var advance = (int)(cumulative - (_chunks.FirstTsn - 1));
        if (advance < 0)
        {
            return true;
        }

        if (advance > _chunks.Count)
        {
            return false;
        }

        var flightBefore = _flight;
        var acked = 0;
        var newest = default(OutstandingChunk);
        for (var i = 0; i < advance; i++)
        {
            AckOne(ref _chunks[0], ref acked, ref newest);
            Drop(ref _chunks[0]);
            _chunks.RemoveFirst();
        }

        var reported = AckGaps(gaps, ref acked, ref newest, out var highestNew);
        if (newest.Transmissions == 1)
        {
            // Karn: only what was sent once tells the round-trip time (section 6.3.1 rule C5).
            _rto.Measured(now - newest.SentAt);
        }

        progressed = advance > 0 || acked > 0;
        if (advance > 0)
        {
            _window.Acknowledged(acked, flightBefore, cumulative);
        }

        if (newest.Transmissions > 0)
        {
            CountMisses(reported, highestNew, newest.SentAt, now);
        }

        _peerWindow = (long)window - _flight;
        if (_chunks.Count == 0)
        {
            Timer = Instant.Never;
        }
        else if (advance > 0)
        {
            Timer = now + _rto.Current;
        }

        return true;
    }

    /// <summary>T3-rtx expired (RFC 9260 section 6.3.3): everything in flight is sent again.</summary>
    public void TimedOut(Instant now)
    {
        _rto.BackOff();
        _window.TimedOut();
        _skipSent = _chunks.FirstTsn - 1;

        // The first outstanding chunk cannot be among the gaps, unless the peer took back what it had reported (section 6.2.1).
        var takenBack = _chunks.Count > 0 && _chunks[0].State == OutstandingState.Acked;
        for (var i = 0; i < _chunks.Count; i++)
        {
            if (takenBack && _chunks[i].State == OutstandingState.Acked)
            {
                _chunks[i].State = OutstandingState.Retransmit;
                _toRetransmit++;
            }
            else if (_chunks[i].State == OutstandingState.InFlight)
            {
                MarkLost(ref _chunks[i], now);
            }
        }

        Timer = _chunks.Count > 0 ? now + _rto.Current : Instant.Never;
    }

    /// <summary>Stops taking messages for a stream. What waits is still sent.</summary>
    public void BeginReset(ushort streamId)
    {
        if (!_streams.TryGetValue(streamId, out var stream))
        {
            _streams[streamId] = stream = new OutgoingStream(streamId);
        }

        stream.Resetting = true;
    }

    /// <summary>Everything of the stream has a TSN, so that its reset can be asked for (RFC 6525 section 5.1.2).</summary>
    public bool IsReadyForReset(ushort streamId) => !_streams.TryGetValue(streamId, out var stream) || stream.Waiting.Count == 0;

    /// <summary>The peer has reset the stream: sequence numbers start again.</summary>
    public void EndReset(ushort streamId) => _streams.Remove(streamId);

    /// <summary>Gives every buffer back.</summary>
    public void Clear()
    {
        while (_chunks.Count > 0)
        {
            Drop(ref _chunks[0]);
            _chunks.RemoveFirst();
        }

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
        Timer = Instant.Never;
    }

    private void AckOne(ref OutstandingChunk chunk, ref int acked, ref OutstandingChunk newest)
    {
        switch (chunk.State)
        {
            case OutstandingState.InFlight:
                _flight -= chunk.Length;
                break;
            case OutstandingState.Retransmit:
                _toRetransmit--;
                break;
            default:
                return;
        }

        acked += chunk.Length;
        chunk.State = OutstandingState.Acked;
        if (newest.Transmissions == 0 || chunk.SentAt >= newest.SentAt)
        {
            newest = chunk;
        }
    }

    // Returns how many leading chunks the gap blocks speak about.
    private int AckGaps(ReadOnlySpan<byte> gaps, ref int acked, ref OutstandingChunk newest, out int highestNew)
    {
        var next = 0;
        highestNew = -1;
        for (; gaps.Length >= 4; gaps = gaps[4..])
        {
            // Offsets count from the cumulative TSN, which is one before index 0.
            var start = BinaryPrimitives.ReadUInt16BigEndian(gaps) - 1;
            var end = BinaryPrimitives.ReadUInt16BigEndian(gaps[2..]) - 1;
            if (start < next || end < start || end >= _chunks.Count)
            {
                break;
            }

            for (next = start; next <= end; next++)
            {
                var before = acked;
                AckOne(ref _chunks[next], ref acked, ref newest);
                highestNew = acked > before ? next : highestNew;
            }
        }

        return next;
    }

    // RFC 9260 section 7.2.4 with "highest TSN newly acknowledged". A retransmission is judged by the time of sending instead,
    // so that one that is lost again is noticed without waiting for the timer.
    private void CountMisses(int reported, int highestNew, Instant newestSentAt, Instant now)
    {
        var lost = false;
        for (var i = 0; i < reported && i < _chunks.Count; i++)
        {
            ref var chunk = ref _chunks[i];
            var overtaken = chunk.Transmissions == 1 ? i < highestNew : chunk.SentAt < newestSentAt;
            if (chunk.State == OutstandingState.InFlight && overtaken && ++chunk.Misses >= MissesForLoss)
            {
                MarkLost(ref chunk, now);
                lost = true;
            }
        }

        if (lost)
        {
            _fastRetransmit |= !_window.InFastRecovery;
            _window.LossDetected(_chunks.NextTsn - 1);
        }
    }

    private void MarkLost(ref OutstandingChunk chunk, Instant now)
    {
        _flight -= chunk.Length;
        chunk.Misses = 0;
        chunk.State = OutstandingState.Retransmit;
        _toRetransmit++;
        if (chunk.Transmissions > chunk.Message.MaxRetransmits || now >= chunk.Message.Expires)
        {
            Abandon(chunk.Message);
        }
    }

    // RFC 3758 section 3.5: all fragments of the message are given up together.
    private void Abandon(SendMessage message)
    {
        message.Abandoned = true;
        for (var i = 0; i < _chunks.Count; i++)
        {
            ref var chunk = ref _chunks[i];
            if (chunk.Message != message)
            {
                continue;
            }

            _flight -= chunk.State == OutstandingState.InFlight ? chunk.Length : 0;
            _toRetransmit -= chunk.State == OutstandingState.Retransmit ? 1 : 0;
            chunk.State = OutstandingState.Abandoned;
        }

        if (!message.IsFullySent)
        {
            // A TSN for the fragments never sent: skipping it tells the peer to drop what it has of the message.
            _chunks.Add(new OutstandingChunk { Message = message, State = OutstandingState.Abandoned });
            message.Outstanding++;
            message.Stream.BufferedAmount -= message.Length - message.Sent;
            Unsent -= message.Length - message.Sent;
            message.Sent = message.Length;
            message.Stream.Waiting.Dequeue();
            EndTurn(message.Stream);
        }
    }

    private void WriteSkip(ref SctpPacketWriter packet, Instant now)
    {
        const int MaxStreams = 64;
        if (_chunks.Count == 0 || _chunks[0].State != OutstandingState.Abandoned)
        {
            return;
        }

        Span<(ushort Stream, ushort Ssn)> skipped = stackalloc (ushort, ushort)[MaxStreams];
        var streams = 0;
        var count = 0;

        // Only over what is given up: a reported chunk may be part of a message that is still wanted (RFC 3758 section 3.5 rule C2).
        for (; count < _chunks.Count && _chunks[count].State == OutstandingState.Abandoned; count++)
        {
            ref var chunk = ref _chunks[count];
            if (chunk.Message.Unordered)
            {
                continue;
            }

            var known = 0;
            while (known < streams && skipped[known].Stream != chunk.Message.Stream.Id)
            {
                known++;
            }

            if (known == MaxStreams)
            {
                break;
            }

            skipped[known] = (chunk.Message.Stream.Id, chunk.Message.Ssn);
            streams = Math.Max(streams, known + 1);
        }

        var point = _chunks.FirstTsn + (uint)count - 1;
        var length = 4 + 4 * streams;
        if (Serial.LessOrEqual(point, _skipSent) || length > packet.Room)
        {
            return;
        }

        // RFC 3758 section 3.2.
        var value = packet.Chunk(ChunkType.ForwardTsn, 0, length);
        BinaryPrimitives.WriteUInt32BigEndian(value, point);
        for (var i = 0; i < streams; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value[(4 + 4 * i)..], skipped[i].Stream);
            BinaryPrimitives.WriteUInt16BigEndian(value[(6 + 4 * i)..], skipped[i].Ssn);
        }

        _skipSent = point;
        StartTimer(now);
    }

    private void WriteRetransmissions(ref SctpPacketWriter packet, Instant now)
    {
        for (var i = 0; _toRetransmit > 0 && i < _chunks.Count; i++)
        {
            ref var chunk = ref _chunks[i];
            if (chunk.State != OutstandingState.Retransmit)
            {
                continue;
            }

            if (now >= chunk.Message.Expires)
            {
                Abandon(chunk.Message);
                continue;
            }

            // Section 7.2.4: the first packet of a fast retransmit does not ask the window.
            if (12 + chunk.Length > packet.Room || (!_fastRetransmit && _flight > 0 && _flight + chunk.Length > _window.Size))
            {
                break;
            }

            _toRetransmit--;
            chunk.State = OutstandingState.InFlight;
            chunk.Transmissions++;
            chunk.SentAt = now;
            _flight += chunk.Length;
            if (i == 0)
            {
                // Section 7.2.4 rule 4: the earliest outstanding chunk starts the timer anew.
                Timer = now + _rto.Current;
            }

            WriteChunk(ref packet, chunk, _chunks.FirstTsn + (uint)i);
            StartTimer(now);
        }

        _fastRetransmit = false;
    }

    private bool TryWriteNew(ref SctpPacketWriter packet, Instant now)
    {
        if (!_turn.TryPeek(out var stream) || _chunks.IsFull || _flight >= _window.Size)
        {
            return false;
        }

        var message = stream.Waiting.Peek();
        if (now >= message.Expires)
        {
            DropUnsent(message);
            return true;
        }

        var length = Math.Min(message.Length - message.Sent, _options.MaxFragment);

        // Section 6.1 rule A: with a closed window, one chunk may be in flight to probe it.
        if (12 + length > packet.Room || (_flight > 0 && _peerWindow < length))
        {
            return false;
        }

        if (message.Sent == 0 && !message.Unordered)
        {
            message.Ssn = stream.NextSsn++;
        }

        var chunk = new OutstandingChunk
        {
            Message = message,
            Offset = message.Sent,
            Length = length,
            SentAt = now,
            Transmissions = 1,
        };
        message.Sent += length;
        message.Outstanding++;
        stream.BufferedAmount -= length;
        Unsent -= length;
        _flight += length;
        _peerWindow -= length;
        WriteChunk(ref packet, chunk, _chunks.NextTsn);
        _chunks.Add(chunk);
        StartTimer(now);
        if (message.IsFullySent)
        {
            stream.Waiting.Dequeue();
            EndTurn(stream);
        }

        return true;
    }

    private void DropUnsent(SendMessage message)
    {
        if (message.Sent > 0)
        {
            Abandon(message);
            return;
        }

        message.Stream.BufferedAmount -= message.Length;
        Unsent -= message.Length;
        message.Stream.Waiting.Dequeue();
        EndTurn(message.Stream);
        Free(message);
    }

    // RFC 9260 section 3.3.1.
    private static void WriteChunk(ref SctpPacketWriter packet, in OutstandingChunk chunk, uint tsn)
    {
        var message = chunk.Message;
        var flags = (byte)((message.Unordered ? SctpConstants.FlagUnordered : 0)
            | (chunk.Offset == 0 ? SctpConstants.FlagBegin : 0)
            | (chunk.Offset + chunk.Length == message.Length ? SctpConstants.FlagEnd : 0));
        var value = packet.Chunk(ChunkType.Data, flags, 12 + chunk.Length);
        BinaryPrimitives.WriteUInt32BigEndian(value, tsn);
        BinaryPrimitives.WriteUInt16BigEndian(value[4..], message.Stream.Id);
        BinaryPrimitives.WriteUInt16BigEndian(value[6..], message.Unordered ? (ushort)0 : message.Ssn);
        BinaryPrimitives.WriteUInt32BigEndian(value[8..], message.Ppid);
        message.Buffer.AsSpan(chunk.Offset, chunk.Length).CopyTo(value[12..]);
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

    private void StartTimer(Instant now)
    {
        if (Timer == Instant.Never)
        {
            Timer = now + _rto.Current;
        }
    }

    private void Drop(ref OutstandingChunk chunk)
    {
        _flight -= chunk.State == OutstandingState.InFlight ? chunk.Length : 0;
        _toRetransmit -= chunk.State == OutstandingState.Retransmit ? 1 : 0;
        var message = chunk.Message;
        message.Outstanding--;
        if (message.Outstanding == 0 && message.IsFullySent)
        {
            Free(message);
        }
    }

    private void Free(SendMessage message)
    {
        Held -= message.Charge;
        message.Release();
        if (_spare.Count < 64)
        {
            _spare.Push(message);
        }
    }
}
