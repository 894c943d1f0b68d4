using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Handshake, heartbeat, shutdown and abort; and what goes out.</summary>
public sealed partial class SctpAssociation
{
    private const int HeartbeatInfoSize = 16;
    private const int MaxHeartbeatEcho = 256;

    private readonly byte[] _heartbeatEcho = new byte[MaxHeartbeatEcho];
    private int _heartbeatEchoLength;
    private ulong _heartbeatNonce;
    private bool _heartbeatPending;
    private byte[] _peerCookie = [];
    private HandshakeParameters _initAckFor;
    private Instant _handshakeTimer = Instant.Never;
    private Instant _sackTimer = Instant.Never;
    private Instant _heartbeatTimer = Instant.Never;
    private Instant _shutdownTimer = Instant.Never;
    private bool _initDue;
    private bool _initAckDue;
    private bool _cookieEchoDue;
    private bool _cookieAckDue;
    private bool _sackDue;
    private bool _sackAtOnce;
    private bool _heartbeatDue;
    private bool _shutdownDue;
    private bool _shutdownCompleteDue;
    private bool _abortDue;
    private bool _over;

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
        if (TryWriteHandshake(buffer, now, out written))
        {
            return true;
        }

        if (_over || _sender is null)
        {
            return false;
        }

        var packet = Open(buffer, _peer.PeerTag);
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

    // These travel alone and always with a checksum (RFC 9653 section 5.2).
    private bool TryWriteHandshake(Span<byte> buffer, Instant now, out int written)
    {
        SctpPacketWriter packet;
        if (_abortDue)
        {
            _abortDue = false;
            packet = Open(buffer, _peer.PeerTag);
            packet.Chunk(ChunkType.Abort, 0, []);
        }
        else if (_shutdownCompleteDue)
        {
            _shutdownCompleteDue = false;
            packet = Open(buffer, _peer.PeerTag);
            packet.Chunk(ChunkType.ShutdownComplete, 0, []);
        }
        else if (_over)
        {
            written = 0;
            return false;
        }
        else if (_initAckDue)
        {
            _initAckDue = false;
            packet = Open(buffer, _initAckFor.PeerTag);
            Span<byte> cookie = stackalloc byte[StateCookie.Size];
            _cookie.Write(cookie, _initAckFor, now);
            var value = packet.Chunk(ChunkType.InitAck, 0, HandshakeChunks.Length(_options, StateCookie.Size));
            HandshakeChunks.Write(value, _options, _localTag, _localTsn, cookie);
        }
        else if (_initDue)
        {
            _initDue = false;
            packet = Open(buffer, 0);
            HandshakeChunks.Write(packet.Chunk(ChunkType.Init, 0, HandshakeChunks.Length(_options, 0)), _options, _localTag, _localTsn, []);
        }
        else if (_cookieEchoDue)
        {
            _cookieEchoDue = false;
            packet = Open(buffer, _peer.PeerTag);
            packet.Chunk(ChunkType.CookieEcho, 0, _peerCookie);
        }
        else
        {
            written = 0;
            return false;
        }

        packet.Finish(withChecksum: true);
        written = packet.Length;
        return true;
    }

    private SctpPacketWriter Open(Span<byte> buffer, uint tag) => new(buffer, _options.LocalPort, _options.RemotePort, tag);

    private void WriteControl(ref SctpPacketWriter packet, Instant now)
    {
        if (_cookieAckDue)
        {
            _cookieAckDue = false;
            packet.Chunk(ChunkType.CookieAck, 0, []);
        }

        if (_sackDue)
        {
            _sackDue = false;
            _sackTimer = Instant.Never;
            var window = Math.Max(0, _options.ReceiveBuffer - _reassembly!.Held);
            _received!.WriteSack(packet.Chunk(ChunkType.Sack, 0, _received.SackLength(packet.Room)), (uint)window);
        }

        if (_heartbeatEchoLength > 0 && _heartbeatEchoLength <= packet.Room)
        {
            packet.Chunk(ChunkType.HeartbeatAck, 0, _heartbeatEcho.AsSpan(0, _heartbeatEchoLength));
            _heartbeatEchoLength = 0;
        }

        if (_heartbeatDue && packet.Room >= 4 + HeartbeatInfoSize)
        {
            _heartbeatDue = false;
            var value = packet.Chunk(ChunkType.Heartbeat, 0, 4 + HeartbeatInfoSize);
            BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)ParameterType.HeartbeatInfo);
            BinaryPrimitives.WriteUInt16BigEndian(value[2..], 4 + HeartbeatInfoSize);
            BinaryPrimitives.WriteInt64BigEndian(value[4..], now.Microseconds);
            BinaryPrimitives.WriteUInt64BigEndian(value[12..], _heartbeatNonce);
        }

        if (_shutdownDue && packet.Room >= 4)
        {
            _shutdownDue = false;
            if (State == SctpState.ShutdownSent)
            {
                BinaryPrimitives.WriteUInt32BigEndian(packet.Chunk(ChunkType.Shutdown, 0, 4), _received!.Cumulative);
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
            case ChunkType.Init:
                HandleInit(chunk.Value);
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
            case ChunkType.Heartbeat when chunk.Value.Length is > 0 and <= MaxHeartbeatEcho:
                chunk.Value.CopyTo(_heartbeatEcho);
                _heartbeatEchoLength = chunk.Value.Length;
                break;
            case ChunkType.HeartbeatAck:
                HandleHeartbeatAck(chunk.Value);
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
            case ChunkType.Reconfig when _resets is not null && _received is not null:
                _resets.Handle(chunk.Value, _received.Cumulative, this);
                break;
            default:
                // Section 3.2: of an unknown chunk the highest bit says whether the next ones are still read.
                return Enum.IsDefined(chunk.Type) || ((byte)chunk.Type & 0x80) != 0;
        }

        return true;
    }

    // Section 5.1 (B), and 5.2.1 when both sides open at once: the answer repeats the tag of our own INIT.
    private void HandleInit(ReadOnlySpan<byte> value)
    {
        if (State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed
            && HandshakeChunks.TryRead(value, _options, out var parameters, out _))
        {
            _initAckFor = parameters with { LocalTag = _localTag, LocalTsn = _localTsn };
            _initAckDue = true;
        }

        // In other states it would be a restart (section 5.2.2), which needs a new DTLS association (RFC 8261 section 6.1).
    }

    private void HandleInitAck(ReadOnlySpan<byte> value)
    {
        if (State != SctpState.CookieWait
            || !HandshakeChunks.TryRead(value, _options, out var parameters, out var cookie)
            || cookie.IsEmpty)
        {
            return;
        }

        _peer = parameters with { LocalTag = _localTag, LocalTsn = _localTsn };
        _peerCookie = cookie.ToArray();
        State = SctpState.CookieEchoed;
        _initDue = false;
        _cookieEchoDue = true;
        _errors = 0;
        _handshakeTimer = _now + _rto.Current;
        CreateHalves();
    }

    // Section 5.1 (D) and the table of 5.2.4, of which only actions B and D can happen here.
    private bool HandleCookieEcho(ReadOnlySpan<byte> value)
    {
        if (!_cookie.TryRead(value, _now, _options.CookieLifetime, out var parameters) || parameters.LocalTag != _localTag)
        {
            return false;
        }

        if (State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed)
        {
            if (_sender is null || _peer.PeerTag != parameters.PeerTag)
            {
                _peer = parameters;
                CreateHalves();
            }

            _cookieAckDue = true;
            Establish();
            return true;
        }

        // Our COOKIE ACK was lost.
        _cookieAckDue = _peer.PeerTag == parameters.PeerTag;
        return _cookieAckDue;
    }

    private void CreateHalves()
    {
        _sender?.Clear();
        _reassembly?.Clear();
        _sender = new SctpSender(_options, _rto, _localTsn, _peer.PeerWindow);
        _received = new ReceivedTsns(_peer.PeerTsn);
        _reassembly = new Reassembly(_options, Deliver);
        _resets = new StreamResets(_options, _localTsn, _peer.PeerTsn);
    }

    private void Establish()
    {
        State = SctpState.Established;
        _initDue = false;
        _cookieEchoDue = false;
        _peerCookie = [];
        _handshakeTimer = Instant.Never;
        _heartbeatTimer = _now + _options.HeartbeatInterval;
        _errors = 0;
        _events.OnConnected(_now);
    }

    // Section 8.3.
    private void HeartbeatDue(Instant now)
    {
        if (_heartbeatPending && !CountError())
        {
            return;
        }

        Span<byte> nonce = stackalloc byte[8];
        _random.Fill(nonce);
        _heartbeatNonce = BinaryPrimitives.ReadUInt64BigEndian(nonce);
        _heartbeatPending = true;
        _heartbeatDue = true;
        _heartbeatTimer = now + _options.HeartbeatInterval + _rto.Current;
    }

    private void HandleHeartbeatAck(ReadOnlySpan<byte> value)
    {
        if (!_heartbeatPending
            || value.Length < 4 + HeartbeatInfoSize
            || BinaryPrimitives.ReadUInt64BigEndian(value[12..]) != _heartbeatNonce)
        {
            return;
        }

        _heartbeatPending = false;
        _errors = 0;
        _rto.Measured(_now - new Instant(BinaryPrimitives.ReadInt64BigEndian(value[4..])));
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
        _handshakeTimer = _sackTimer = _heartbeatTimer = _shutdownTimer = Instant.Never;
        _sender?.Clear();
        _reassembly?.Clear();
        _resets = null;
        _events.OnClosed(reason, now);
    }
}
