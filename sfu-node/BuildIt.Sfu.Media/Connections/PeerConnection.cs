using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Connections;

/// <summary>What a peer connection tells the participant it belongs to.</summary>
internal interface IPeerConnectionOwner
{
    void OnConnectionState(PeerConnection connection, PeerConnectionState state, Instant now);

    /// <summary>One plain RTP packet. The bytes may be changed.</summary>
    void OnRtp(PeerConnection connection, Span<byte> packet, Instant now);

    void OnRtcp(PeerConnection connection, Span<byte> compound, Instant now);

    void OnSctp(PeerConnection connection, ReadOnlySpan<byte> packet, Instant now);

    /// <summary>A connectivity check succeeded, for the first time or again after none did.</summary>
    void OnReached(PeerConnection connection, Instant now);

    /// <summary>Something other than media arrived: the connection's next deadline may be an earlier one.</summary>
    void OnInput(PeerConnection connection, Instant now);
}

/// <summary>Where a connection is reached.</summary>
internal enum EndpointPlace
{
    /// <summary>At the port that all clients share.</summary>
    Shared,

    /// <summary>At a port of its own.</summary>
    Exclusive,

    /// <summary>Within this process only.</summary>
    Inner,
}

/// <summary>
/// One peer connection as a transport: its ICE credentials, DTLS and SRTP, its place on the loop. What is negotiated about
/// media is the business of its owner, who gives it the remote description's transport part.
/// </summary>
internal sealed class PeerConnection : IDatagramHandler, IPeerTransportEvents, IDisposable
{
    private readonly IMediaHost _host;
    private readonly IPeerConnectionOwner _owner;
    private readonly IMediaEndpoint _endpoint;
    private readonly IceCandidate? _inner;
    private readonly PeerTransport _transport;
    private readonly ulong _sessionId;
    private string? _previousUfrag;
    private string? _remoteUfrag;
    private bool _closed;

    public PeerConnection(
        IMediaHost host,
        IPeerConnectionOwner owner,
        PeerTarget target,
        bool iceLite,
        bool controlling,
        EndpointPlace place = EndpointPlace.Shared,
        int receivedStreams = ISrtpSession.ClientStreams)
    {
        _host = host;
        _owner = owner;
        Target = target;
        IceLite = iceLite;
        Span<byte> id = stackalloc byte[8];
        host.Random.Fill(id);
        _sessionId = BinaryPrimitives.ReadUInt64BigEndian(id) >> 2;
        (_endpoint, _inner) = CreateEndpoint(place);
        var credentials = NewCredentials();
        _transport = new PeerTransport(
            new PeerTransportOptions
            {
                Ice = new IceAgentOptions { Lite = iceLite, Controlling = controlling },
                LocalCredentials = credentials,
                Dtls = host.Dtls,
                Srtp = host.Srtp,
                ReceivedStreams = receivedStreams,
                Random = host.Random,
                Wake = () => host.Loop.Post(OnWake),
            },
            this,
            _endpoint);
    }

    public PeerTarget Target { get; }

    public bool IceLite { get; }

    public PeerTransport Transport => _transport;

    public MediaCounters Counters => _host.Counters;

    public PeerConnectionState State { get; private set; } = PeerConnectionState.New;

    public Instant NextDeadline => _closed ? Instant.Never : _transport.NextDeadline;

    /// <summary>Our half of the next description.</summary>
    public LocalDescription Describe() => new()
    {
        SessionId = _sessionId,
        IceUfrag = _transport.LocalCredentials.Ufrag,
        IcePassword = _transport.LocalCredentials.Password,
        Fingerprint = Fingerprint(_host.Dtls.LocalFingerprint),
        IceLite = IceLite,
        Candidates = _inner is { } inner ? [inner.ToAttribute()] : [.. _host.Candidates.Select(candidate => candidate.ToAttribute())],
    };

    /// <summary>
    /// True when a remote description with these credentials restarts ICE (RFC 8839 section 4.4.1.1.1): the answer then
    /// needs new credentials of ours, which <see cref="RestartIce"/> makes.
    /// </summary>
    public bool IsIceRestart(string? remoteUfrag) => _remoteUfrag is not null && remoteUfrag is not null && remoteUfrag != _remoteUfrag;

    /// <summary>New local credentials. The fragment before stays known, because checks under it are still under way.</summary>
    public void RestartIce(Instant now)
    {
        if (_previousUfrag is not null)
        {
            _endpoint.RemoveUfrag(_previousUfrag);
        }

        _previousUfrag = _transport.LocalCredentials.Ufrag;
        _transport.RestartIce(NewCredentials(), now);
    }

    /// <summary>Takes the transport part of the client's description; null when it was usable, else what is wrong with it.</summary>
    public string? SetRemote(NegotiatedSession session, Instant now)
    {
        var remote = session.Remote;
        if (remote.IceUfrag is not { Length: > 0 } ufrag || remote.IcePassword is not { Length: > 0 } password)
        {
            return "the description has no ICE credentials";
        }

        if (!TryFingerprint(remote, out var fingerprint))
        {
            return "the description has no certificate fingerprint of a supported kind (sha-256 or stronger)";
        }

        SetRemote(new IceCredentials(ufrag, password), fingerprint, session.NodeIsDtlsClient ? DtlsRole.Client : DtlsRole.Server, session.RemoteCandidates, now);
        return null;
    }

    /// <summary>Takes the other side's credentials, certificate and candidates.</summary>
    public void SetRemote(IceCredentials credentials, DtlsFingerprint fingerprint, DtlsRole role, IReadOnlyList<string> candidates, Instant now)
    {
        _remoteUfrag = credentials.Ufrag;
        _transport.SetRemoteParameters(credentials, fingerprint, role, now);
        foreach (var candidate in candidates)
        {
            AddRemoteCandidate(candidate);
        }

        if (State == PeerConnectionState.New)
        {
            SetState(PeerConnectionState.Connecting, now);
        }
    }

    public void AddRemoteCandidate(string line)
    {
        if (IceCandidate.TryParse(line, out var candidate))
        {
            _transport.AddRemoteCandidate(candidate);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (!_closed && _transport.NextDeadline <= now)
        {
            _transport.HandleTimeout(now);
        }
    }

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
        if (!_closed)
        {
            if (_transport.HandleDatagram(datagram, from, now) is not (DatagramKind.Rtp or DatagramKind.Rtcp))
            {
                _owner.OnInput(this, now);
            }
        }
    }

    public void Close(Instant now)
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _transport.Close();
        _endpoint.Dispose();
        State = PeerConnectionState.Closed;
    }

    public void Dispose() => Close(Instant.Zero);

    void IPeerTransportEvents.OnIceState(IceState state, Instant now)
    {
        if (state == IceState.Connected)
        {
            _owner.OnReached(this, now);
        }

        switch (state)
        {
            case IceState.Connected when _transport.IsConnected:
                SetState(PeerConnectionState.Connected, now);
                break;
            case IceState.Disconnected:
                SetState(PeerConnectionState.Disconnected, now);
                break;
            case IceState.Failed:
                SetState(PeerConnectionState.Failed, now);
                break;
        }
    }

    void IPeerTransportEvents.OnConnected(SrtpProfile profile, Instant now) => SetState(PeerConnectionState.Connected, now);

    void IPeerTransportEvents.OnRtp(Span<byte> packet, Instant now) => _owner.OnRtp(this, packet, now);

    void IPeerTransportEvents.OnRtcp(Span<byte> compound, Instant now) => _owner.OnRtcp(this, compound, now);

    void IPeerTransportEvents.OnApplicationData(ReadOnlySpan<byte> data, Instant now) => _owner.OnSctp(this, data, now);

    void IPeerTransportEvents.OnPeerClosed(Instant now)
    {
        // Signalling decides what the end of a session means; a client that only closes DTLS may come back.
    }

    void IPeerTransportEvents.OnFailed(TransportFailure reason, Instant now)
    {
        if (!_closed)
        {
            Counters.OnFailed(reason);
        }

        SetState(PeerConnectionState.Failed, now);
    }

    private void OnWake(Instant now)
    {
        if (!_closed)
        {
            _transport.HandleTimeout(now);
            _owner.OnInput(this, now);
        }
    }

    private void SetState(PeerConnectionState state, Instant now)
    {
        if (State != state && !_closed)
        {
            // One that was only quiet for a while is the same.
            if (state == PeerConnectionState.Connected && State != PeerConnectionState.Disconnected)
            {
                Counters.OnConnected(_transport.IsRelayed);
            }

            State = state;
            _owner.OnConnectionState(this, state, now);
        }
    }

    private (IMediaEndpoint Endpoint, IceCandidate? Inner) CreateEndpoint(EndpointPlace place)
    {
        switch (place)
        {
            case EndpointPlace.Inner:
                var endpoint = _host.CreateInnerEndpoint(this, out var candidate);
                return (endpoint, candidate);
            case EndpointPlace.Exclusive:
                return (_host.CreateExclusiveEndpoint(this), null);
            default:
                return (_host.CreateEndpoint(this), null);
        }
    }

    private IceCredentials NewCredentials()
    {
        var credentials = new IceCredentials(_host.CreateUfrag(), IceCredentials.Generate(_host.Random).Password);
        _endpoint.AddUfrag(credentials.Ufrag);
        return credentials;
    }

    private static SdpFingerprint Fingerprint(DtlsFingerprint fingerprint)
    {
        var text = fingerprint.ToString();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return new SdpFingerprint(text[..space], text[(space + 1)..]);
    }

    private static bool TryFingerprint(SdpTransport remote, out DtlsFingerprint fingerprint)
    {
        // RFC 8122 section 5: any one of several may match; the strongest is taken.
        fingerprint = null!;
        foreach (var offered in remote.Fingerprints.OrderByDescending(f => f.Algorithm, StringComparer.Ordinal))
        {
            if (DtlsFingerprint.TryParse($"{offered.Algorithm} {offered.Value}", out fingerprint))
            {
                return true;
            }
        }

        return false;
    }
}
