using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Transport;

/// <summary>
/// The transport of one peer connection: ICE, DTLS and SRTP over one 5-tuple at a time, sans-I/O. Datagrams come in by
/// <see cref="HandleDatagram"/> and are decrypted in place; what goes out is written and encrypted in the sink's memory.
/// An address gets nothing but STUN before an authenticated check has come from it. Not thread-safe.
/// </summary>
public sealed class PeerTransport : IDatagramHandler, IDisposable
{
    /// <summary>A client may open DTLS before its answer has reached us; its hello fits into two datagrams.</summary>
    private const int MaxEarlyDatagrams = 4;

    /// <summary>Addresses of TURN servers that a client may name.</summary>
    private const int MaxRelays = 16;

    private static readonly TimeSpan HandshakePoll = TimeSpan.FromMilliseconds(5);

    private readonly PeerTransportOptions _options;
    private readonly IPeerTransportEvents _events;
    private readonly IDatagramSink _sink;
    private readonly IceAgent _ice;
    private DtlsRole _dtlsRole;
    private IDtlsSession? _dtls;
    private ISrtpSession? _srtp;
    private DtlsFingerprint? _remoteFingerprint;
    private List<byte[]>? _earlyDatagrams;
    private uint _rtcpIndex;
    private IceState _reportedIce;
    private Instant _nextPoll = Instant.Never;
    private HashSet<TransportAddress>? _relays;
    private long _bytesSent;
    private bool _peerClosed;
    private bool _failed;

    public PeerTransport(PeerTransportOptions options, IPeerTransportEvents events, IDatagramSink sink)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _events = events;
        _sink = sink;
        _dtlsRole = options.DtlsRole;
        _ice = new IceAgent(options.Ice, options.LocalCredentials, options.Random, sink);
    }

    public IceState IceState => _ice.State;

    /// <summary>True once media can be sent and received.</summary>
    public bool IsConnected => _srtp is not null && !_failed;

    public IceCredentials LocalCredentials => _ice.Local;

    /// <summary>Bytes of datagrams taken from the peer.</summary>
    public long BytesReceived { get; private set; }

    /// <summary>Bytes of datagrams sent to the peer.</summary>
    public long BytesSent => _bytesSent + _ice.BytesSent;

    /// <summary>The path in use leads over a TURN server that the peer named as its own.</summary>
    public bool IsRelayed => _relays is not null && _ice.SelectedRemote is { } remote && _relays.Contains(remote);

    /// <summary>Handle of the path in use, to group datagrams by destination; <see cref="PathId.None"/> before there is one.</summary>
    public PathId Path => _ice.SelectedPath;

    /// <summary>Bytes that <see cref="CommitRtp"/> adds to a packet.</summary>
    public int RtpOverhead => _srtp?.RtpOverhead ?? 0;

    /// <summary>Length without overhead of the last datagram that waits on the path in use; see <see cref="IDatagramSink.LastWaiting"/>.</summary>
    public int LastWaitingRtp => CanSend && _sink.LastWaiting(_ice.SelectedPath) is >= 0 and var length ? Math.Max(0, length - _srtp!.RtpOverhead) : -1;

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next.</summary>
    public Instant NextDeadline => _failed ? Instant.Never : Instant.Min(_ice.NextDeadline, _nextPoll);

    /// <summary>
    /// What the peer's offer or answer says. Called again with the same DTLS fingerprint and other credentials, the peer
    /// restarts ICE; the DTLS association stays.
    /// </summary>
    /// <param name="localRole">Our DTLS role as negotiated; ignored once the handshake has begun.</param>
    public void SetRemoteParameters(IceCredentials credentials, DtlsFingerprint fingerprint, DtlsRole localRole, Instant now)
    {
        _remoteFingerprint ??= fingerprint;
        _dtlsRole = _dtls is null ? localRole : _dtlsRole;
        _ice.SetRemote(credentials, now);
        if (_earlyDatagrams is { } early)
        {
            _earlyDatagrams = null;
            foreach (var datagram in early)
            {
                HandleDtls(datagram, now);
            }
        }

        AfterInput(now);
    }

    public void AddRemoteCandidate(IceCandidate candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        if (candidate.Type == IceCandidateType.Relayed && (_relays ??= []).Count < MaxRelays)
        {
            _relays.Add(candidate.Address);
        }

        // A passive agent does not open connections: the peer's TCP candidates only matter when it has connected to us.
        if (candidate.TcpType == IceTcpType.None && (candidate.Ufrag is null || candidate.Ufrag == _ice.Remote?.Ufrag || _ice.Remote is null))
        {
            _ice.AddRemoteCandidate(candidate.Address, candidate.Priority);
        }
    }

    /// <summary>New credentials of ours; the peer learns them by signalling. Media goes on over the old path meanwhile.</summary>
    public void RestartIce(IceCredentials local, Instant now)
    {
        _ice.Restart(local, now);
        AfterInput(now);
    }

    /// <summary>Handles one datagram from the network; its bytes are changed.</summary>
    /// <returns>What it was.</returns>
    public DatagramKind HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
        var kind = Demultiplexer.Classify(datagram);
        switch (kind)
        {
            case DatagramKind.Rtp when _srtp is not null && _ice.IsAuthenticated(from):
                if (_srtp.TryUnprotectRtp(datagram, out var rtpLength))
                {
                    BytesReceived += datagram.Length;
                    _ice.NoteReceived(from, now);
                    _events.OnRtp(datagram[..rtpLength], now);
                }

                break;
            case DatagramKind.Rtcp when _srtp is not null && _ice.IsAuthenticated(from):
                if (_srtp.TryUnprotectRtcp(datagram, out var rtcpLength))
                {
                    BytesReceived += datagram.Length;
                    _ice.NoteReceived(from, now);
                    _events.OnRtcp(datagram[..rtcpLength], now);
                }

                break;
            case DatagramKind.Stun:
                BytesReceived += datagram.Length;
                _ice.HandleStun(datagram, from, now);
                AfterInput(now);
                break;
            case DatagramKind.Dtls when _ice.IsAuthenticated(from):
                BytesReceived += datagram.Length;
                HandleDtls(datagram, now);
                AfterInput(now);
                break;
        }

        return kind;
    }

    void IDatagramHandler.HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now) => HandleDatagram(datagram, from, now);

    /// <summary>A TCP connection of the peer is gone.</summary>
    public void HandlePathLost(in TransportAddress remote, Instant now)
    {
        _ice.HandlePathLost(remote);
        AfterInput(now);
    }

    /// <summary>Does what has fallen due, and takes over what a handshake has done since.</summary>
    public void HandleTimeout(Instant now)
    {
        _ice.HandleTimeout(now);
        AfterInput(now);
    }

    /// <summary>
    /// Room for one RTP packet of at most <paramref name="maxLength"/> bytes in the sink's memory, tag included;
    /// empty when nothing can be sent now. Write the plain packet to its start and call <see cref="CommitRtp"/>.
    /// </summary>
    public Span<byte> ReserveRtp(int maxLength) =>
        CanSend ? _sink.Reserve(_ice.SelectedPath, maxLength + _srtp!.RtpOverhead) : default;

    /// <summary>Protects the packet in place and sends it.</summary>
    /// <returns>Its length as sent, from the start of the reservation; 0 when it was refused (see <see cref="SrtpError"/>) and not sent.</returns>
    public int CommitRtp(Span<byte> reservation, int rtpLength, PacketIndex index)
    {
        if (_srtp is null || _srtp.ProtectRtp(reservation, rtpLength, index, out var length) != SrtpError.None)
        {
            return 0;
        }

        Commit(length);
        return length;
    }

    /// <summary>Sends one RTP packet from memory of the caller. False when nothing can be sent now.</summary>
    public bool SendRtp(ReadOnlySpan<byte> packet, PacketIndex index)
    {
        var reservation = ReserveRtp(packet.Length);
        if (reservation.IsEmpty)
        {
            return false;
        }

        packet.CopyTo(reservation);
        return CommitRtp(reservation, packet.Length, index) > 0;
    }

    /// <summary>Sends a packet again as it was protected: the same bytes, so that nothing is told by it. False when nothing can be sent now.</summary>
    public bool SendProtectedRtp(ReadOnlySpan<byte> packet)
    {
        if (!CanSend)
        {
            return false;
        }

        packet.CopyTo(_sink.Reserve(_ice.SelectedPath, packet.Length));
        Commit(packet.Length);
        return true;
    }

    /// <summary>Nothing is sent under this SSRC any more, ever.</summary>
    public void EndStream(Ssrc ssrc) => _srtp?.EndStream(ssrc);

    /// <summary>Sends one compound RTCP packet. False when nothing can be sent now.</summary>
    public bool SendRtcp(ReadOnlySpan<byte> compound)
    {
        if (!CanSend)
        {
            return false;
        }

        var reservation = _sink.Reserve(_ice.SelectedPath, compound.Length + _srtp!.RtcpOverhead);
        compound.CopyTo(reservation);
        if (_srtp.ProtectRtcp(reservation, compound.Length, ++_rtcpIndex, out var length) != SrtpError.None)
        {
            return false;
        }

        Commit(length);
        return true;
    }

    /// <summary>Sends one SCTP packet in a DTLS record. False when nothing can be sent now.</summary>
    public bool SendApplicationData(ReadOnlySpan<byte> data)
    {
        if (_dtls is not { State: DtlsState.Connected } || _ice.SelectedPath == PathId.None || _failed)
        {
            return false;
        }

        var reservation = _sink.Reserve(_ice.SelectedPath, data.Length + _dtls.RecordOverhead);
        var length = _dtls.Protect(data, reservation);
        if (length > 0)
        {
            Commit(length);
        }

        return length > 0;
    }

    /// <summary>Says goodbye to the peer (close_notify) and ends.</summary>
    public void Close()
    {
        if (_dtls is { State: DtlsState.Connected } && _ice.SelectedPath != PathId.None)
        {
            var length = _dtls.Close(_sink.Reserve(_ice.SelectedPath, 64 + _dtls.RecordOverhead));
            if (length > 0)
            {
                Commit(length);
            }
        }

        Dispose();
    }

    /// <summary>Ends without a word to the peer.</summary>
    public void Dispose()
    {
        _failed = true;
        _ice.Close();
        _dtls?.Dispose();
        _srtp?.Dispose();
        _srtp = null;
        _dtls = null;
    }

    private void Commit(int length)
    {
        _sink.Commit(length);
        _bytesSent += length;
    }

    private bool CanSend => _srtp is not null && !_failed && _ice.SelectedPath != PathId.None && _ice.State != IceState.Failed;

    private void HandleDtls(Span<byte> datagram, Instant now)
    {
        if (_remoteFingerprint is null)
        {
            KeepEarly(datagram);
            return;
        }

        EnsureDtlsStarted();
        _dtls!.HandleDatagram(datagram);
        if (_dtls.State == DtlsState.Handshaking)
        {
            return;
        }

        // The handshake may have ended just now, on its thread: SRTP comes before the data that waited behind it.
        TakeOverHandshake(now);
        ReadRecords(datagram, now);
    }

    private void ReadRecords(Span<byte> datagram, Instant now)
    {
        while (_dtls is not null && _dtls.TryReadRecord(ref datagram, out var data))
        {
            _ice.NoteReceived(now);
            _events.OnApplicationData(data, now);
        }
    }

    private void KeepEarly(ReadOnlySpan<byte> datagram)
    {
        _earlyDatagrams ??= new List<byte[]>(MaxEarlyDatagrams);
        if (_earlyDatagrams.Count < MaxEarlyDatagrams)
        {
            _earlyDatagrams.Add(datagram.ToArray());
        }
    }

    private void EnsureDtlsStarted()
    {
        if (_dtls is null)
        {
            _dtls = _options.Dtls.Create(_dtlsRole, _options.Wake);
            _dtls.Start(_remoteFingerprint!);
        }
    }

    private void AfterInput(Instant now)
    {
        if (_failed)
        {
            return;
        }

        if (_dtls is null && _dtlsRole == DtlsRole.Client && _remoteFingerprint is not null && _ice.State == IceState.Connected)
        {
            EnsureDtlsStarted();
        }

        TakeOverHandshake(now);
        ReportIceState(now);
    }

    private void TakeOverHandshake(Instant now)
    {
        if (_dtls is null || _failed)
        {
            return;
        }

        _dtls.Poll();
        while (_ice.SelectedPath != PathId.None && _dtls.TryTakeFlight(out var flight))
        {
            flight.Span.CopyTo(_sink.Reserve(_ice.SelectedPath, flight.Length));
            Commit(flight.Length);
        }

        _nextPoll = _dtls.State == DtlsState.Handshaking && _options.Wake is null ? now + HandshakePoll : Instant.Never;
        switch (_dtls.State)
        {
            case DtlsState.Connected when _srtp is null:
                StartSrtp(now);
                break;
            case DtlsState.Failed:
                Fail(TransportFailure.Dtls, now);
                break;
            case DtlsState.Closed when !_peerClosed:
                _peerClosed = true;
                _events.OnPeerClosed(now);
                break;
        }
    }

    private void StartSrtp(Instant now)
    {
        var profile = _dtls!.SrtpProfile;
        Span<byte> sendKey = stackalloc byte[SrtpProfiles.MasterKeyLength + 14];
        Span<byte> receiveKey = stackalloc byte[SrtpProfiles.MasterKeyLength + 14];
        if (profile == SrtpProfile.None || !_dtls.TryExportSrtpKeys(sendKey, receiveKey))
        {
            Fail(TransportFailure.Srtp, now);
            return;
        }

        var length = SrtpProfiles.MasterKeyLength + profile.MasterSaltLength();
        _srtp = _options.Srtp.Create(profile, sendKey[..length], receiveKey[..length], _options.ReceivedStreams);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(sendKey);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(receiveKey);
        _events.OnConnected(profile, now);
        while (_dtls is not null && _dtls.TryTakeUnread(out var datagram))
        {
            ReadRecords(datagram.Span, now);
        }
    }

    private void ReportIceState(Instant now)
    {
        if (_reportedIce != _ice.State)
        {
            _reportedIce = _ice.State;
            _events.OnIceState(_reportedIce, now);

            // Not the end of the transport: an ICE restart may bring it back.
            if (_reportedIce == IceState.Failed)
            {
                _events.OnFailed(TransportFailure.Ice, now);
            }
        }
    }

    private void Fail(TransportFailure reason, Instant now)
    {
        if (!_failed)
        {
            _failed = true;
            _events.OnFailed(reason, now);
        }
    }
}
