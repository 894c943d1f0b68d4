using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// One SCTP association (RFC 9260) over DTLS (RFC 8261): packets in by <see cref="Handle"/>, out by
/// <see cref="TryGetOutgoing(Span{byte}, Instant, out int)"/>, which is to be called until it has nothing more after every other call. Both sides may connect, at once too.
/// Partial reliability (RFC 3758), stream reset (RFC 6525), zero checksum (RFC 9653). Not thread-safe.
/// No packet, however malformed, throws or makes it hold more than twice <see cref="SctpOptions.ReceiveBuffer"/>.
/// </summary>
public sealed partial class SctpAssociation : IStreamResetTarget
{
    private readonly SctpOptions _options;
    private readonly IRandomSource _random;
    private readonly ISctpEvents _events;
    private readonly StateCookie _cookie;
    private readonly RetransmissionTimeout _rto;
    private readonly uint _localTag;
    private readonly uint _localTsn;
    private HandshakeParameters _peer;
    private SctpSender? _sender;
    private ReceivedTsns? _received;
    private Reassembly? _reassembly;
    private StreamResets? _resets;
    private Instant _now;
    private int _errors;

    public SctpAssociation(SctpOptions options, IRandomSource random, ISctpEvents events)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(events);
        _options = options;
        _random = random;
        _events = events;
        _cookie = new StateCookie(random);
        _rto = new RetransmissionTimeout(options);
        _localTag = NextTag();
        _localTsn = NextTag();
    }

    public SctpState State { get; private set; }

    /// <summary>Bytes of messages that wait for sending or acknowledgement, with a charge for each message.</summary>
    public int SendBuffered => _sender?.Held ?? 0;

    /// <summary>Bytes that arrived and wait for missing ones, with a charge for each fragment.</summary>
    public int ReceiveBuffered => _reassembly?.Held ?? 0;

    /// <summary>Bytes of messages that have not been sent once.</summary>
    public int Unsent => _sender?.Unsent ?? 0;

    /// <summary>Messages wait to be sent, for the first time or again; perhaps for the peer to acknowledge others.</summary>
    public bool HasDataToSend => _sender?.HasWork ?? false;

    public TimeSpan SmoothedRtt => _rto.SmoothedRtt;

    /// <summary>When <see cref="HandleTimeout"/> is to be called next.</summary>
    public Instant NextDeadline
    {
        get
        {
            var next = Instant.Min(Instant.Min(_handshakeTimer, _sackTimer), Instant.Min(_heartbeatTimer, _shutdownTimer));
            return Instant.Min(next, Instant.Min(_sender?.Timer ?? Instant.Never, _resets?.Timer ?? Instant.Never));
        }
    }

    /// <summary>Bytes of a stream that have not been sent once.</summary>
    public int BufferedAmount(ushort stream) => _sender?.BufferedAmount(stream) ?? 0;

    /// <summary>Opens the association (INIT). Without it this side waits for the peer's.</summary>
    public void Connect(Instant now)
    {
        if (State == SctpState.Closed && !_over)
        {
            State = SctpState.CookieWait;
            _initDue = true;
            _handshakeTimer = now + _rto.Current;
        }
    }

    /// <summary>Queues a message. Empty ones are not possible in SCTP; data channels have their own form for them.</summary>
    public SctpSendResult Send(ushort stream, uint ppid, ReadOnlySpan<byte> message, in SctpDelivery delivery)
    {
        if (State != SctpState.Established || _sender is null)
        {
            return SctpSendResult.NotConnected;
        }

        if (message.IsEmpty || stream >= _peer.OutgoingStreams)
        {
            return SctpSendResult.StreamUnavailable;
        }

        // A peer without RFC 3758 cannot be told to skip anything.
        return _sender.Enqueue(stream, ppid, message, _peer.ForwardTsn ? delivery : new SctpDelivery { Unordered = delivery.Unordered });
    }

    /// <summary>
    /// Keeps the ordered messages of a stream back, or delivers them again. What is kept back takes from the window announced to the
    /// peer, so that the peer stops sending instead of losing anything (RFC 9260 section 6.2) - on all streams, as they share it.
    /// </summary>
    public void Hold(ushort stream, bool held, Instant now)
    {
        if (_over || _reassembly is null || _reassembly.IsHeld(stream) == held)
        {
            return;
        }

        _now = now;
        _reassembly.Hold(stream, held);

        // The window has opened: the peer would learn of it only by its own probe.
        _sackDue |= !held;
    }

    /// <summary>Resets our side of a stream once what waits on it is sent. No effect when the peer cannot (RFC 6525).</summary>
    public void ResetStream(ushort stream)
    {
        if (State == SctpState.Established && _peer.Reconfig)
        {
            _sender!.BeginReset(stream);
            _resets!.Want(stream);
        }
    }

    /// <summary>Ends the association in order: what waits is sent first (RFC 9260 section 9.2).</summary>
    public void Shutdown(Instant now)
    {
        if (State == SctpState.Established)
        {
            State = SctpState.ShutdownPending;
            ContinueShutdown(now);
        }
        else if (State is SctpState.CookieWait or SctpState.CookieEchoed or SctpState.Closed)
        {
            Abort(now);
        }
    }

    /// <summary>Ends the association at once; the peer is told by the next outgoing packet (RFC 9260 section 9.1).</summary>
    public void Abort(Instant now) => Fail(SctpCloseReason.Aborted, now);

    /// <summary>Takes a packet. Anything wrong with it is ignored, or ends the association when the peer must have meant it.</summary>
    public void Handle(ReadOnlySpan<byte> packet, Instant now)
    {
        _now = now;
        if (_over
            || !SctpPacketReader.TryOpen(packet, out var reader)
            || reader.SourcePort != _options.RemotePort
            || reader.DestinationPort != _options.LocalPort
            || !IsChecksumFine(packet))
        {
            return;
        }

        var first = true;
        var data = false;
        var skipped = false;
        while (!_over && reader.TryNext(out var chunk))
        {
            if (!IsTagFine(reader.VerificationTag, chunk, first))
            {
                return;
            }

            first = false;
            switch (chunk.Type)
            {
                case ChunkType.Data:
                    data = true;
                    HandleData(chunk);
                    break;
                case ChunkType.ForwardTsn when !skipped:
                    // One to a packet: each may have to look through all that is held.
                    skipped = data = true;
                    HandleForwardTsn(chunk.Value);
                    break;
                default:
                    if (!HandleControl(chunk))
                    {
                        return;
                    }

                    break;
            }
        }

        if (data && !_over)
        {
            ScheduleSack();
        }

        ContinueShutdown(now);
    }

    /// <summary>Runs what is due. Call at or after <see cref="NextDeadline"/>.</summary>
    public void HandleTimeout(Instant now)
    {
        _now = now;
        if (now >= _sackTimer)
        {
            _sackTimer = Instant.Never;
            _sackDue = true;
        }

        if (now >= _handshakeTimer && CountError())
        {
            // T1-init and T1-cookie (RFC 9260 section 4).
            _rto.BackOff();
            _initDue |= State == SctpState.CookieWait;
            _cookieEchoDue |= State == SctpState.CookieEchoed;
            _handshakeTimer = now + _rto.Current;
        }

        if (_sender is not null && now >= _sender.Timer && CountError())
        {
            _sender.TimedOut(now);
        }

        if (_resets is not null && now >= _resets.Timer && CountError())
        {
            _resets.TimedOut(now, _rto.Current);
        }

        if (now >= _shutdownTimer && CountError())
        {
            _rto.BackOff();
            _shutdownDue = true;
            _shutdownTimer = now + _rto.Current;
        }

        if (now >= _heartbeatTimer)
        {
            HeartbeatDue(now);
        }
    }

    void IStreamResetTarget.OnIncomingReset(ushort? stream)
    {
        if (stream is { } one)
        {
            _reassembly!.Reset(one);
            _events.OnIncomingStreamReset(one, _now);
            return;
        }

        _reassembly!.ResetAll();
        for (ushort all = 0; all < _options.MaxStreams && !_over; all++)
        {
            _events.OnIncomingStreamReset(all, _now);
        }
    }

    void IStreamResetTarget.OnResetRequested(ushort stream) => ResetStream(stream);

    void IStreamResetTarget.OnOutgoingReset(ushort stream)
    {
        _sender?.EndReset(stream);
        _events.OnOutgoingStreamReset(stream, _now);
    }

    private void HandleData(in Chunk chunk)
    {
        var value = chunk.Value;
        if (_received is null || State is not (SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownSent))
        {
            return;
        }

        if (value.Length < 13)
        {
            // RFC 9260 section 6.2: a DATA chunk without user data.
            Fail(SctpCloseReason.ProtocolViolation, _now);
            return;
        }

        var data = new DataChunk
        {
            Tsn = BinaryPrimitives.ReadUInt32BigEndian(value),
            Stream = BinaryPrimitives.ReadUInt16BigEndian(value[4..]),
            Ssn = BinaryPrimitives.ReadUInt16BigEndian(value[6..]),
            Ppid = BinaryPrimitives.ReadUInt32BigEndian(value[8..]),
            Flags = chunk.Flags,
            Payload = value[12..],
        };
        _sackAtOnce |= (chunk.Flags & SctpConstants.FlagImmediate) != 0;
        if (!_received.IsNew(data.Tsn, out var duplicate))
        {
            if (duplicate)
            {
                _received.NoteDuplicate(data.Tsn);
            }

            _sackAtOnce = true;
            return;
        }

        // With the window full only the chunk that everything waits for is taken (section 6.2), unless it would wait itself.
        if (_reassembly!.Held >= _options.ReceiveBuffer && (data.Tsn != _received.Cumulative + 1 || _reassembly.IsHeld(data.Stream)))
        {
            _sackAtOnce = true;
            return;
        }

        _received.Add(data.Tsn);
        if (data.Stream >= _options.MaxStreams)
        {
            // Acknowledged and dropped (section 6.5).
            return;
        }

        if (!_reassembly.Add(data, _received.Cumulative) || _reassembly.Held > 2 * _options.ReceiveBuffer)
        {
            Fail(SctpCloseReason.ProtocolViolation, _now);
        }
    }

    // RFC 3758 section 3.6.
    private void HandleForwardTsn(ReadOnlySpan<byte> value)
    {
        if (_received is null || value.Length < 4)
        {
            return;
        }

        _sackAtOnce = true;
        var tsn = BinaryPrimitives.ReadUInt32BigEndian(value);
        if (Serial.LessOrEqual(tsn, _received.Cumulative))
        {
            return;
        }

        _received.SkipTo(tsn);
        _reassembly!.Skip(tsn, _received.Cumulative);
        for (var list = value[4..]; list.Length >= 4 && !_over; list = list[4..])
        {
            var stream = BinaryPrimitives.ReadUInt16BigEndian(list);
            if (stream < _options.MaxStreams)
            {
                _reassembly.Skip(stream, BinaryPrimitives.ReadUInt16BigEndian(list[2..]));
            }
        }
    }

    private void HandleSack(ReadOnlySpan<byte> value)
    {
        if (_sender is null || value.Length < 12)
        {
            return;
        }

        var gaps = 4 * BinaryPrimitives.ReadUInt16BigEndian(value[8..]);
        if (gaps > value.Length - 12)
        {
            return;
        }

        var window = BinaryPrimitives.ReadUInt32BigEndian(value[4..]);
        var valid = _sender.Acknowledge(
            BinaryPrimitives.ReadUInt32BigEndian(value),
            window,
            value.Slice(12, gaps),
            _now,
            out var progressed);
        if (!valid)
        {
            Fail(SctpCloseReason.ProtocolViolation, _now);
        }
        else if (progressed || window < _options.MaxFragment)
        {
            // A peer that answers but has no room is alive (section 6.1 rule A).
            _errors = 0;
        }
    }

    // RFC 9260 section 6.2: every second packet, sooner with gaps.
    private void ScheduleSack()
    {
        if (_sackAtOnce || _received!.HasGaps || _sackTimer != Instant.Never)
        {
            _sackDue = true;
            _sackAtOnce = false;
            _sackTimer = Instant.Never;
        }
        else if (!_sackDue)
        {
            _sackTimer = _now + _options.SackDelay;
        }
    }

    private bool IsChecksumFine(ReadOnlySpan<byte> packet)
    {
        var checksum = SctpChecksum.Read(packet);
        return (checksum == 0 && _options.ZeroChecksum) || checksum == SctpChecksum.Compute(packet);
    }

    // RFC 9260 section 8.5.
    private bool IsTagFine(uint tag, in Chunk chunk, bool first) => chunk.Type switch
    {
        ChunkType.Init => first && tag == 0,
        ChunkType.Abort or ChunkType.ShutdownComplete when (chunk.Flags & SctpConstants.FlagTagReflected) != 0 =>
            _peer.PeerTag != 0 && tag == _peer.PeerTag,
        _ => tag == _localTag,
    };

    /// <summary>Counts a timeout (section 8.1); false when it was one too many.</summary>
    private bool CountError()
    {
        if (++_errors <= _options.MaxRetransmissions)
        {
            return true;
        }

        Fail(SctpCloseReason.Unreachable, _now);
        return false;
    }

    private void Deliver(ushort stream, uint ppid, ReadOnlySpan<byte> message)
    {
        if (!_over)
        {
            _events.OnMessage(stream, ppid, message, _now);
        }
    }

    private uint NextTag()
    {
        Span<byte> bytes = stackalloc byte[4];
        uint tag;
        do
        {
            _random.Fill(bytes);
            tag = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }
        while (tag == 0);

        return tag;
    }
}
