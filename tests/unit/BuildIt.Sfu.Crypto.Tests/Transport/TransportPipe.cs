using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Transport;

/// <summary>
/// Two transports joined by a pipe that may lose datagrams. Time is real, because the handshakes run on threads; all else
/// runs on the caller's thread.
/// </summary>
internal sealed class TransportPipe : IDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly AutoResetEvent _woken = new(false);

    public TransportPipe(bool lite = true, int seed = 0, double loss = 0, DtlsFingerprint? claimedByServer = null)
    {
        Random = new Random(seed);
        Loss = loss;
        Server = new TransportEnd(this, 1, new IceAgentOptions { Lite = lite }, DtlsRole.Server);
        Client = new TransportEnd(this, 2, new IceAgentOptions { Lite = false, Controlling = true }, DtlsRole.Client);
        Server.Peer = Client;
        Client.Peer = Server;
        Server.Transport.SetRemoteParameters(Client.Transport.LocalCredentials, Client.Fingerprint, DtlsRole.Server, Now);
        Client.Transport.SetRemoteParameters(
            Server.Transport.LocalCredentials,
            claimedByServer ?? Server.Fingerprint,
            DtlsRole.Client,
            Now);
        Client.Transport.AddRemoteCandidate(new IceCandidate { Foundation = "1", Priority = 1, Address = Server.Address });
    }

    public Random Random { get; }

    public double Loss { get; set; }

    public TransportEnd Server { get; }

    public TransportEnd Client { get; }

    public Instant Now => new((long)Stopwatch.GetElapsedTime(_start).TotalMicroseconds);

    public void Wake() => _woken.Set();

    public bool PumpUntil(Func<bool> condition, TimeSpan limit)
    {
        var end = Now + limit;
        while (!condition() && Now < end)
        {
            var moved = Server.Pump() | Client.Pump();
            if (!moved)
            {
                _woken.WaitOne(5);
                Server.Transport.HandleTimeout(Now);
                Client.Transport.HandleTimeout(Now);
            }
        }

        return condition();
    }

    public void Dispose()
    {
        Server.Dispose();
        Client.Dispose();
        _woken.Dispose();
    }
}

/// <summary>One end of the pipe, with what it has heard.</summary>
internal sealed class TransportEnd : IDatagramSink, IPeerTransportEvents, IRandomSource, IDisposable
{
    private readonly TransportPipe _pipe;
    private readonly DtlsCertificate _certificate = DtlsCertificate.Generate(TimeProvider.System);
    private readonly ConcurrentQueue<byte[]> _arrived = new();
    private readonly byte[] _buffer = new byte[65_536];

    public TransportEnd(TransportPipe pipe, byte host, IceAgentOptions ice, DtlsRole role)
    {
        _pipe = pipe;
        Address = TransportAddress.FromIPv4(0x0A000000u | host, 5000);
        Transport = new PeerTransport(
            new PeerTransportOptions
            {
                Ice = ice,
                LocalCredentials = IceCredentials.Generate(this),
                Dtls = new DtlsSessionFactory(_certificate),
                DtlsRole = role,
                Srtp = new SrtpSessionFactory(),
                Random = this,
                Wake = pipe.Wake,
            },
            this,
            this);
    }

    public PeerTransport Transport { get; }

    public TransportEnd Peer { get; set; } = null!;

    public TransportAddress Address { get; }

    public DtlsFingerprint Fingerprint => _certificate.Fingerprint;

    public SrtpProfile Profile { get; private set; }

    public List<byte[]> Rtp { get; } = [];

    public List<byte[]> Rtcp { get; } = [];

    public List<byte[]> Data { get; } = [];

    public List<byte[]> SentOther { get; } = [];

    public TransportFailure? Failure { get; private set; }

    public bool PeerClosed { get; private set; }

    public bool Pump()
    {
        var moved = false;
        while (_arrived.TryDequeue(out var datagram))
        {
            moved = true;
            Transport.HandleDatagram(datagram, Peer.Address, _pipe.Now);
        }

        return moved;
    }

    public void Inject(byte[] datagram, TransportAddress from) => Transport.HandleDatagram(datagram, from, _pipe.Now);

    public PathId OpenPath(in TransportAddress remote) => new(remote == Peer.Address ? 1 : 2);

    public void Claim(in TransportAddress remote, bool proven)
    {
        // There is nobody to take it from.
    }

    public void ClosePath(PathId path)
    {
        // Nothing is kept for a path.
    }

    public Span<byte> Reserve(PathId path, int capacity)
    {
        Assert.Equal(1, path.Value);
        return _buffer.AsSpan(0, capacity);
    }

    public void Commit(int length)
    {
        if (_buffer[0] > 3)
        {
            SentOther.Add(_buffer[..length]);
        }

        if (_pipe.Random.NextDouble() >= _pipe.Loss)
        {
            Peer._arrived.Enqueue(_buffer[..length]);
        }
    }

    public void OnIceState(IceState state, Instant now)
    {
        // Seen through the transport's own property.
    }

    public void OnConnected(SrtpProfile profile, Instant now) => Profile = profile;

    public void OnRtp(Span<byte> packet, Instant now) => Rtp.Add(packet.ToArray());

    public void OnRtcp(Span<byte> compound, Instant now) => Rtcp.Add(compound.ToArray());

    public void OnApplicationData(ReadOnlySpan<byte> data, Instant now) => Data.Add(data.ToArray());

    public void OnPeerClosed(Instant now) => PeerClosed = true;

    public void OnFailed(TransportFailure reason, Instant now) => Failure = reason;

    public override string ToString() =>
        $"{Transport.IceState}, connected {Transport.IsConnected}, failure {Failure}, sent {SentOther.Count}: "
        + string.Join(' ', SentOther.Select(static d => $"{d[0]}/{d[4]}.{d[10]}"));

    public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

    public void Dispose()
    {
        Transport.Dispose();
        _certificate.Dispose();
    }
}
