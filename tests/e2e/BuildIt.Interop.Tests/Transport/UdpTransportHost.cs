using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Interop.Tests.Transport;

/// <summary>The least shell a <see cref="PeerTransport"/> can live in: one UDP socket, one thread, one peer.</summary>
internal sealed class UdpTransportHost : IDatagramSink, IPeerTransportEvents, IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentQueue<Action<PeerTransport, Instant>> _commands = new();
    private readonly List<TransportAddress?> _paths = [];
    private readonly byte[] _outgoing = new byte[65_536];
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Thread _thread;
    private readonly PeerTransport _transport;
    private PathId _reserved;
    private volatile bool _stop;

    public UdpTransportHost(IceAgentOptions ice)
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var random = new SystemRandom();
        Credentials = IceCredentials.Generate(random);
        Dtls = new DtlsSessionFactory(Certificate);
        var options = new PeerTransportOptions
        {
            Ice = ice,
            LocalCredentials = Credentials,
            Dtls = Dtls,
            Srtp = new SrtpSessionFactory(),
            Random = random,
        };
        _transport = new PeerTransport(options, this, this);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public IceCredentials Credentials { get; }

    public DtlsSessionFactory Dtls { get; }

    public IceCandidate Candidate => IceCandidate.Host((IPEndPoint)_socket.LocalEndPoint!, TransportProtocol.Udp);

    public TaskCompletionSource<SrtpProfile> Connected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<(byte PayloadType, uint Ssrc, int Length)> Rtp { get; } = new();

    public ConcurrentQueue<byte> RtcpTypes { get; } = new();

    public ConcurrentQueue<byte[]> Data { get; } = new();

    public ConcurrentQueue<IceState> IceStates { get; } = new();

    public TransportFailure? Failure { get; private set; }

    private DtlsCertificate Certificate { get; } = DtlsCertificate.Generate(TimeProvider.System);

    private Instant Now => new((long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds);

    public void Post(Action<PeerTransport, Instant> command) => _commands.Enqueue(command);

    public PathId OpenPath(in TransportAddress remote)
    {
        _paths.Add(remote);
        return new PathId(_paths.Count - 1);
    }

    public void Claim(in TransportAddress remote, bool proven)
    {
        // There is no other peer to take it from.
    }

    public void ClosePath(PathId path) => _paths[path.Value] = null;

    public Span<byte> Reserve(PathId path, int capacity)
    {
        _reserved = path;
        return _outgoing.AsSpan(0, capacity);
    }

    public void Commit(int length)
    {
        if (_paths[_reserved.Value] is { } remote)
        {
            _socket.SendTo(_outgoing.AsSpan(0, length), SocketFlags.None, remote.ToEndPoint());
        }
    }

    public void OnIceState(IceState state, Instant now) => IceStates.Enqueue(state);

    public void OnConnected(SrtpProfile profile, Instant now) => Connected.TrySetResult(profile);

    public void OnRtp(Span<byte> packet, Instant now) =>
        Rtp.Enqueue(((byte)(packet[1] & 0x7F), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(packet[8..]), packet.Length));

    public void OnRtcp(Span<byte> compound, Instant now) => RtcpTypes.Enqueue(compound[1]);

    public void OnApplicationData(ReadOnlySpan<byte> data, Instant now) => Data.Enqueue(data.ToArray());

    public void OnPeerClosed(Instant now)
    {
    }

    public void OnFailed(TransportFailure reason, Instant now)
    {
        Failure = reason;
        Connected.TrySetException(new InvalidOperationException($"The transport failed: {reason}."));
    }

    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
        Certificate.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[65_536];
        while (!_stop)
        {
            while (_commands.TryDequeue(out var command))
            {
                command(_transport, Now);
            }

            if (_socket.Poll(TimeSpan.FromMilliseconds(2), SelectMode.SelectRead))
            {
                EndPoint from = new IPEndPoint(IPAddress.Any, 0);
                var length = _socket.ReceiveFrom(buffer, ref from);
                _transport.HandleDatagram(buffer.AsSpan(0, length), TransportAddress.FromEndPoint((IPEndPoint)from), Now);
            }

            if (Now >= _transport.NextDeadline)
            {
                _transport.HandleTimeout(Now);
            }
        }

        _transport.Close();
    }

    private sealed class SystemRandom : IRandomSource
    {
        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
