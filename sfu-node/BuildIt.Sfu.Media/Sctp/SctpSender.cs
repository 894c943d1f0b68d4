using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// The sending half of an association: cuts what waits into chunks and sends them, for the first time and again, as far as the windows of
/// the peer and of the path allow.
/// </summary>
internal sealed class SctpSender
{
    private readonly SctpOptions _options;
    private readonly SendQueue _queue;
    private readonly SctpFlight _flight;
    private readonly ForwardTsn _skip;
    private readonly CongestionWindow _window;
    private readonly RetransmissionTimeout _rto;
    private long _peerWindow;
    private bool _fastRetransmit;

    public SctpSender(SctpOptions options, RetransmissionTimeout rto, uint firstTsn, uint peerWindow)
    {
        _options = options;
        _rto = rto;
        _queue = new SendQueue(options.SendBuffer);
        _flight = new SctpFlight(firstTsn, _queue);
        _skip = new ForwardTsn(_flight);
        _window = new CongestionWindow(options.MaxFragment);
        _peerWindow = peerWindow;
    }

    /// <summary>T3-rtx of RFC 9260 section 6.3.2; also covers an unacknowledged FORWARD TSN.</summary>
    public Instant Timer { get; private set; } = Instant.Never;

    /// <inheritdoc cref="SendQueue.Held"/>
    public int Held => _queue.Held;

    /// <summary>Nothing waits and nothing is outstanding.</summary>
    public bool IsIdle => _flight.Count == 0 && _queue.IsEmpty;

    /// <inheritdoc cref="SendQueue.Unsent"/>
    public int Unsent => _queue.Unsent;

    /// <summary>Something waits to be sent, for the first time or again.</summary>
    public bool HasWork => !_queue.IsEmpty || _flight.Lost > 0;

    public uint LastAssignedTsn => _flight.NextTsn - 1;

    public int CongestionWindow => _window.Size;

    public int BufferedAmount(ushort stream) => _queue.BufferedAmount(stream);

    public SctpSendResult Enqueue(ushort streamId, uint ppid, ReadOnlySpan<byte> data, in SctpDelivery delivery) =>
        _queue.Enqueue(streamId, ppid, data, delivery);

    /// <inheritdoc cref="SendQueue.BeginReset"/>
    public void BeginReset(ushort streamId) => _queue.BeginReset(streamId);

    /// <inheritdoc cref="SendQueue.IsReadyForReset"/>
    public bool IsReadyForReset(ushort streamId) => _queue.IsReadyForReset(streamId);

    /// <inheritdoc cref="SendQueue.EndReset"/>
    public void EndReset(ushort streamId) => _queue.EndReset(streamId);

    /// <summary>Appends FORWARD TSN and, when they may go, DATA chunks while they fit and the windows allow.</summary>
    public void Write(ref SctpPacketWriter packet, bool mayData, Instant now)
    {
        if (_skip.TryWrite(ref packet))
        {
            StartTimer(now);
        }

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
        var advance = (int)(cumulative - (_flight.FirstTsn - 1));
        if (advance < 0)
        {
            return true;
        }

        if (advance > _flight.Count)
        {
            return false;
        }

        var flightBefore = _flight.Bytes;
        var news = _flight.Acknowledge(advance, gaps);
        if (news.Newest.Transmissions == 1)
        {
            // Karn: only what was sent once tells the round-trip time (section 6.3.1 rule C5).
            _rto.Measured(now - news.Newest.SentAt);
        }

        progressed = advance > 0 || news.Bytes > 0;
        if (advance > 0)
        {
            _window.Acknowledged(news.Bytes, flightBefore, cumulative);
        }

        if (!news.IsEmpty && _flight.CountMisses(news, now))
        {
            _fastRetransmit |= !_window.InFastRecovery;
            _window.LossDetected(_flight.NextTsn - 1);
        }

        _peerWindow = (long)window - _flight.Bytes;
        if (_flight.Count == 0)
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
        _skip.Repeat();
        _flight.LoseAll(now);
        Timer = _flight.Count > 0 ? now + _rto.Current : Instant.Never;
    }

    /// <summary>Gives every buffer back.</summary>
    public void Clear()
    {
        _flight.Clear();
        _queue.Clear();
        Timer = Instant.Never;
    }

    private void WriteRetransmissions(ref SctpPacketWriter packet, Instant now)
    {
        for (var i = 0; _flight.Lost > 0 && i < _flight.Count; i++)
        {
            ref readonly var chunk = ref _flight[i];
            if (chunk.State != OutstandingState.Retransmit)
            {
                continue;
            }

            if (now >= chunk.Message.Expires)
            {
                _flight.Abandon(chunk.Message);
                continue;
            }

            // Section 7.2.4: the first packet of a fast retransmit does not ask the window.
            if (12 + chunk.Length > packet.Room || (!_fastRetransmit && _flight.Bytes > 0 && _flight.Bytes + chunk.Length > _window.Size))
            {
                break;
            }

            _flight.Resend(i, now);
            if (i == 0)
            {
                // Section 7.2.4 rule 4: the earliest outstanding chunk starts the timer anew.
                Timer = now + _rto.Current;
            }

            WriteChunk(ref packet, chunk, _flight.FirstTsn + (uint)i);
            StartTimer(now);
        }

        _fastRetransmit = false;
    }

    private bool TryWriteNew(ref SctpPacketWriter packet, Instant now)
    {
        if (_queue.Peek() is not { } message || _flight.IsFull || _flight.Bytes >= _window.Size)
        {
            return false;
        }

        if (now >= message.Expires)
        {
            DropUnsent(message);
            return true;
        }

        var length = Math.Min(message.Length - message.Sent, _options.MaxFragment);

        // Section 6.1 rule A: with a closed window, one chunk may be in flight to probe it.
        if (12 + length > packet.Room || (_flight.Bytes > 0 && _peerWindow < length))
        {
            return false;
        }

        var tsn = _flight.NextTsn;
        var chunk = _flight.Send(message, length, now);
        _peerWindow -= length;
        WriteChunk(ref packet, chunk, tsn);
        StartTimer(now);
        return true;
    }

    private void DropUnsent(SendMessage message)
    {
        if (message.Sent > 0)
        {
            _flight.Abandon(message);
            return;
        }

        _queue.GiveUp(message);
        _queue.Free(message);
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

    private void StartTimer(Instant now)
    {
        if (Timer == Instant.Never)
        {
            Timer = now + _rto.Current;
        }
    }
}
