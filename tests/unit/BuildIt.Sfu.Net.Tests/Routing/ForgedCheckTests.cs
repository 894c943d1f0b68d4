using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tests.Routing;

/// <summary>
/// Anybody can send a datagram with a victim's address as its source. Here the victim's own socket sends it, which looks the same
/// to the node, and does not answer what comes of it.
/// </summary>
public sealed class ForgedCheckTests
{
    private static readonly IceCredentials Client = new("peer", "the-password-of-the-peer");

    // Who forges does not know the client's password: what its transport asks of that address is not answered.
    private static readonly IceCredentials Attacker = new("othr", "the-password-of-the-attacker");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_forged_check_takes_no_address_from_whoever_has_proved_it(int loops)
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { LoopCount = loops });
        IceServer victim = await IceServer.AddAsync(network.Loops[0], Client, lite: false);
        IceServer attacker = await IceServer.AddAsync(network.Loops[loops - 1], Attacker, lite: false);
        using IceClient client = new(network.UdpPort, victim.Credentials);
        await client.ConnectAsync();
        await victim.MediaArrivesAsync(client);

        client.Forge(attacker);
        await TestPeers.EventuallyAsync(() => Task.FromResult(attacker.Checks > 0));

        await victim.MediaArrivesAsync(client);
        Assert.Equal(0, attacker.Media);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public async Task Whoever_is_there_has_an_address_back_that_a_forged_check_took_before(int loops, bool lite)
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { LoopCount = loops });
        IceServer victim = await IceServer.AddAsync(network.Loops[0], Client, lite);
        IceServer attacker = await IceServer.AddAsync(network.Loops[loops - 1], Attacker, lite);
        using IceClient client = new(network.UdpPort, victim.Credentials);
        client.Forge(attacker);
        await TestPeers.EventuallyAsync(() => Task.FromResult(attacker.Checks > 0));

        await client.ConnectAsync();

        await victim.MediaArrivesAsync(client);
    }

    /// <summary>A transport of the node, as far as ICE goes.</summary>
    private sealed class IceServer : IDatagramHandler, IDeadline, IRandomSource
    {
        private IceAgent _agent = null!;
        private int _checks;
        private int _media;

        public IceCredentials Credentials { get; private set; } = null!;

        public IceCredentials Peer { get; private set; } = null!;

        public int Checks => Volatile.Read(ref _checks);

        public int Media => Volatile.Read(ref _media);

        public Instant NextDeadline => _agent.NextDeadline;

        public static Task<IceServer> AddAsync(MediaLoop loop, IceCredentials peer, bool lite) => loop.InvokeAsync(() =>
        {
            var server = new IceServer { Credentials = new IceCredentials(LoopUfrag.Create(loop.Index), "the-password-of-the-node"), Peer = peer };
            MediaEndpoint endpoint = loop.CreateEndpoint(server);
            Assert.True(endpoint.AddUfrag(server.Credentials.Ufrag));
            server._agent = new IceAgent(new IceAgentOptions { Lite = lite }, server.Credentials, server, endpoint);
            server._agent.SetRemote(peer, loop.Now);
            loop.Schedule(server);
            return server;
        });

        public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
        {
            if (StunMessage.LooksLikeStun(datagram))
            {
                _agent.HandleStun(datagram, from, now);
                _checks++;
            }
            else if (_agent.IsAuthenticated(from))
            {
                _media++;
            }
        }

        public void HandlePathLost(in TransportAddress remote, Instant now) => _agent.HandlePathLost(remote);

        public void HandleTimeout(Instant now) => _agent.HandleTimeout(now);

        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

        /// <summary>Returns when media of that client has come here; the way to it may still be opening.</summary>
        public Task MediaArrivesAsync(IceClient client)
        {
            int before = Media;
            return TestPeers.EventuallyAsync(() =>
            {
                client.SendMedia();
                client.Pump();
                return Task.FromResult(Media > before);
            });
        }
    }

    /// <summary>A browser: a full agent in control, behind one socket.</summary>
    private sealed class IceClient : IDatagramSink, IRandomSource, IDisposable
    {
        private readonly Socket _socket;
        private readonly TransportAddress _server;
        private readonly IceAgent _agent;
        private readonly byte[] _buffer = new byte[2048];

        public IceClient(int port, IceCredentials server)
        {
            _socket = TestPeers.UdpClient(port);
            _server = TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, port));
            _agent = new IceAgent(
                new IceAgentOptions { Lite = false, Controlling = true }, Client, this, this);
            _agent.SetRemote(server, MonotonicClock.Read());
        }

        public Task ConnectAsync()
        {
            _agent.AddRemoteCandidate(_server, 1);
            return TestPeers.EventuallyAsync(() =>
            {
                Pump();
                return Task.FromResult(_agent.State == IceState.Connected);
            });
        }

        /// <summary>Answers what has arrived and sends what is due.</summary>
        public void Pump()
        {
            byte[] datagram = new byte[2048];
            while (_socket.Poll(0, SelectMode.SelectRead))
            {
                int length = _socket.Receive(datagram);
                _agent.HandleStun(datagram.AsSpan(0, length), _server, MonotonicClock.Read());
            }

            _agent.HandleTimeout(MonotonicClock.Read());
        }

        public void SendMedia() => _socket.Send(TestPeers.Media(100, 1));

        /// <summary>A check that the attacker made for its own transport, in this client's name.</summary>
        public void Forge(IceServer attacker)
        {
            byte[] buffer = new byte[548];
            var writer = new StunWriter(buffer, StunClass.Request, RandomNumberGenerator.GetBytes(12));
            writer.WriteUsername(Encoding.ASCII.GetBytes(attacker.Credentials.Ufrag), Encoding.ASCII.GetBytes(attacker.Peer.Ufrag));
            writer.WriteRole(controlling: true, 1);
            writer.WritePriority(1);
            writer.WriteUseCandidate();
            _socket.Send(buffer.AsSpan(0, writer.Finish(Encoding.ASCII.GetBytes(attacker.Credentials.Password))));
        }

        public PathId OpenPath(in TransportAddress remote) => new(0);

        public void Claim(in TransportAddress remote, bool proven)
        {
            // A client's socket is its own.
        }

        public void ClosePath(PathId path)
        {
            // Nothing is kept for a path.
        }

        public Span<byte> Reserve(PathId path, int capacity) => _buffer.AsSpan(0, capacity);

        public void Commit(int length) => _socket.Send(_buffer.AsSpan(0, length));

        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);

        public void Dispose() => _socket.Dispose();
    }
}
