using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>
/// One SCTP association (RFC 9260) over DTLS (RFC 8261): packets in by <see cref="Handle"/>, out by
/// <see cref="TryGetOutgoing(Span{byte}, Instant, out int)"/>, which is to be called until it has nothing more after every other call. Both sides may connect, at once too.
/// Partial reliability (RFC 3758), stream reset (RFC 6525), zero checksum (RFC 9653). Not thread-safe.
/// No packet, however malformed, throws or makes it hold more than twice <see cref="SctpOptions.ReceiveBuffer"/>.
/// </summary>
public sealed class SctpAssociation : IStreamResetTarget
{
    private readonly SctpOptions _options;
    private readonly ISctpEvents _events;
    private readonly RetransmissionTimeout _rto;
    private readonly SctpHandshake _handshake;
    private readonly Heartbeats _heartbeats;
    private HandshakeParameters _peer;
    private SctpSender? _sender;
    private SctpReceiver? _receiver;
    private StreamResets? _resets;
    private Instant _now;
    private Instant _shutdownTimer = Instant.Never;
    private int _errors;
    private bool _shutdownDue;
    private bool _shutdownCompleteDue;
    private bool _abortDue;
    private bool _over;

    public SctpAssociation(SctpOptions options, IRandomSource random, ISctpEvents events)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(events);
        _options = options;
        _events = events;
        _rto = new RetransmissionTimeout(options);
        _handshake = new SctpHandshake(options, _rto, random);
        _heartbeats = new Heartbeats(options, _rto, random);
    }

    public SctpState State { get; private set; }

    /// <summary>Bytes of messages that wait for sending or acknowledgement, with a charge for each message.</summary>
    public int SendBuffered => _sender?.Held ?? 0;

    /// <summary>Bytes that arrived and wait for missing ones, with a charge for each fragment.</summary>
    public int ReceiveBuffered => _receiver?.Held ?? 0;

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
            var next = Instant.Min(Instant.Min(_handshake.Timer, _heartbeats.Timer), Instant.Min(_shutdownTimer, _receiver?.Timer ?? Instant.Never));
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
            _handshake.Begin(now);
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
        if (!_over)
        {
            _now = now;
            _receiver?.Hold(stream, held);
        }
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
                    _receiver?.TakeForwardTsn(chunk.Value);
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
            _receiver?.PacketTaken(now);
        }

        ContinueShutdown(now);
    }

    /// <summary>
    /// Writes the next packet into <paramref name="buffer"/>, which holds at least <see cref="SctpOptions.MaxPacketSize"/> bytes.
    /// False when nothing is to be sent now.
    /// </summary>
    public bool TryGetOutgoing(Span<byte> buffer, Instant now, out int written) => TryGetOutgoing(buffer, mayData: true, now, out written, out _);

    /// <summary>The same for somebody who paces messages.</summary>
    /// <param name="buffer">Takes the packet.</param>
    /// <param name="mayData">False when messages are to wait; what the association needs itself is sent all the same.</param>
    /// <param name="now">Now.</param>
    /// <param name="written">Length of the packet.</param>
    /// <param name="hasData">Whether there are messages in it.</param>
    public bool TryGetOutgoing(Span<byte> buffer, bool mayData, Instant now, out int written, out bool hasData)
    {
        _now = now;
        written = 0;
        hasData = false;
        buffer = buffer[..Math.Min(buffer.Length, _options.MaxPacketSize)];
        if (TryWriteAlone(buffer, now, out written))
        {
            return true;
        }

        if (_over || _sender is null)
        {
            return false;
        }

        var packet = Open(buffer);
        WriteControl(ref packet, now);
        if (State is SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownReceived)
        {
            var before = packet.Length;
            _sender.Write(ref packet, mayData, now);
            hasData = mayData && packet.Length > before;
            if (_peer.Reconfig)
            {
                _resets!.Write(ref packet, _sender, now, _rto.Current);
            }
        }

        if (packet.IsEmpty)
        {
            return false;
        }

        packet.Finish(withChecksum: !_peer.ZeroChecksum);
        written = packet.Length;
        return true;
    }

    /// <summary>Runs what is due. Call at or after <see cref="NextDeadline"/>.</summary>
    public void HandleTimeout(Instant now)
    {
        _now = now;
        _receiver?.HandleTimeout(now);
        if (now >= _handshake.Timer && CountError())
        {
            _handshake.TimedOut(State, now);
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

        if (now >= _heartbeats.Timer && (!_heartbeats.IsUnanswered || CountError()))
        {
            _heartbeats.Ask(now);
        }
    }

    void IStreamResetTarget.OnIncomingReset(ushort? stream)
    {
        _receiver!.Reset(stream);
        if (stream is { } one)
        {
            _events.OnIncomingStreamReset(one, _now);
            return;
        }

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
        if (_receiver is not null
            && State is SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownSent
            && !_receiver.TakeData(chunk))
        {
            Fail(SctpCloseReason.ProtocolViolation, _now);
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
        _ => tag == _handshake.LocalTag,
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

    // These travel alone and always with a checksum (RFC 9653 section 5.2).
    private bool TryWriteAlone(Span<byte> buffer, Instant now, out int written)
    {
        written = 0;
        SctpPacketWriter packet;
        if (_abortDue)
        {
            _abortDue = false;
            packet = Open(buffer);
            packet.Chunk(ChunkType.Abort, 0, []);
        }
        else if (_shutdownCompleteDue)
        {
            _shutdownCompleteDue = false;
            packet = Open(buffer);
            packet.Chunk(ChunkType.ShutdownComplete, 0, []);
        }
        else if (_over || !_handshake.TryWrite(buffer, _peer.PeerTag, now, out packet))
        {
            return false;
        }

        packet.Finish(withChecksum: true);
        written = packet.Length;
        return true;
    }

    private SctpPacketWriter Open(Span<byte> buffer) => new(buffer, _options.LocalPort, _options.RemotePort, _peer.PeerTag);

    private void WriteControl(ref SctpPacketWriter packet, Instant now)
    {
        _handshake.WriteCookieAck(ref packet);
        _receiver!.Write(ref packet);
        _heartbeats.Write(ref packet, now);
        if (_shutdownDue && packet.Room >= 4)
        {
            _shutdownDue = false;
            if (State == SctpState.ShutdownSent)
            {
                BinaryPrimitives.WriteUInt32BigEndian(packet.Chunk(ChunkType.Shutdown, 0, 4), _receiver.Cumulative);
            }
            else if (State == SctpState.ShutdownAckSent)
            {
                packet.Chunk(ChunkType.ShutdownAck, 0, []);
            }
        }
    }

    // Returns false when the rest of the packet is not to be read.
    private bool HandleControl(in Chunk chunk)
    {
        switch (chunk.Type)
        {
            case ChunkType.Init when State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed:
                _handshake.TakeInit(chunk.Value);
                return false;
            case ChunkType.Init:
                // A restart (section 5.2.2), which needs a new DTLS association (RFC 8261 section 6.1).
                return false;
            case ChunkType.InitAck:
                HandleInitAck(chunk.Value);
                return false;
            case ChunkType.CookieEcho:
                return HandleCookieEcho(chunk.Value);
            case ChunkType.CookieAck:
                if (State == SctpState.CookieEchoed)
                {
                    Establish();
                }

                break;
            case ChunkType.Sack:
                HandleSack(chunk.Value);
                break;
            case ChunkType.Heartbeat:
                _heartbeats.TakeRequest(chunk.Value);
                break;
            case ChunkType.HeartbeatAck:
                _errors = _heartbeats.TakeAnswer(chunk.Value, _now) ? 0 : _errors;
                break;
            case ChunkType.Abort:
                End(SctpCloseReason.AbortedByPeer, _now);
                break;
            case ChunkType.Shutdown when chunk.Value.Length >= 4:
                HandleShutdown(chunk.Value);
                break;
            case ChunkType.ShutdownAck when State is SctpState.ShutdownSent or SctpState.ShutdownAckSent:
                _shutdownCompleteDue = true;
                End(SctpCloseReason.Shutdown, _now);
                break;
            case ChunkType.ShutdownComplete when State == SctpState.ShutdownAckSent:
                End(SctpCloseReason.Shutdown, _now);
                break;
            case ChunkType.Reconfig when _resets is not null && _receiver is not null:
                _resets.Handle(chunk.Value, _receiver.Cumulative, this);
                break;
            default:
                // Section 3.2: of an unknown chunk the highest bit says whether the next ones are still read.
                return Enum.IsDefined(chunk.Type) || ((byte)chunk.Type & 0x80) != 0;
        }

        return true;
    }

    private void HandleInitAck(ReadOnlySpan<byte> value)
    {
        if (State == SctpState.CookieWait && _handshake.TryTakeInitAck(value, _now, out var peer))
        {
            _peer = peer;
            State = SctpState.CookieEchoed;
            _errors = 0;
            CreateHalves();
        }
    }

    // Section 5.1 (D) and the table of 5.2.4, of which only actions B and D can happen here.
    private bool HandleCookieEcho(ReadOnlySpan<byte> value)
    {
        if (!_handshake.TryReadCookie(value, _now, out var peer))
        {
            return false;
        }

        if (State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed)
        {
            if (_sender is null || _peer.PeerTag != peer.PeerTag)
            {
                _peer = peer;
                CreateHalves();
            }

            _handshake.AcknowledgeCookie();
            Establish();
            return true;
        }

        if (_peer.PeerTag != peer.PeerTag)
        {
            return false;
        }

        // Our COOKIE ACK was lost.
        _handshake.AcknowledgeCookie();
        return true;
    }

    private void CreateHalves()
    {
        _sender?.Clear();
        _receiver?.End();
        _sender = new SctpSender(_options, _rto, _peer.LocalTsn, _peer.PeerWindow);
        _receiver = new SctpReceiver(_options, _peer.PeerTsn, Deliver);
        _resets = new StreamResets(_options, _peer.LocalTsn, _peer.PeerTsn);
    }

    private void Establish()
    {
        State = SctpState.Established;
        _handshake.Established();
        _heartbeats.Start(_now);
        _errors = 0;
        _events.OnConnected(_now);
    }

    private void HandleShutdown(ReadOnlySpan<byte> value)
    {
        if (State is SctpState.Established or SctpState.ShutdownPending)
        {
            State = SctpState.ShutdownReceived;
        }
        else if (State == SctpState.ShutdownSent)
        {
            // Section 9.2: both at once.
            State = SctpState.ShutdownAckSent;
            _shutdownDue = true;
            _shutdownTimer = _now + _rto.Current;
        }

        if (State == SctpState.ShutdownReceived)
        {
            // The chunk acknowledges like a SACK without gaps.
            _sender!.Acknowledge(BinaryPrimitives.ReadUInt32BigEndian(value), (uint)_options.SendBuffer, [], _now, out _);
        }
    }

    // Section 9.2: both directions wait until everything sent is acknowledged.
    private void ContinueShutdown(Instant now)
    {
        if (_over || _sender is not { IsIdle: true } || State is not (SctpState.ShutdownPending or SctpState.ShutdownReceived))
        {
            return;
        }

        State = State == SctpState.ShutdownPending ? SctpState.ShutdownSent : SctpState.ShutdownAckSent;
        _shutdownDue = true;
        _shutdownTimer = now + _rto.Current;
    }

    private void Fail(SctpCloseReason reason, Instant now)
    {
        if (!_over)
        {
            _abortDue = _peer.PeerTag != 0;
            End(reason, now);
        }
    }

    private void End(SctpCloseReason reason, Instant now)
    {
        if (_over)
        {
            return;
        }

        _over = true;
        State = SctpState.Closed;
        _shutdownTimer = Instant.Never;
        _handshake.Stop();
        _heartbeats.Stop();
        _sender?.Clear();
        _receiver?.End();
        _resets = null;
        _events.OnClosed(reason, now);
    }
}
