using System.Net;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Stun;

namespace BuildIt.Sfu.Media.Tests.Ice;

/// <summary>
/// Agents joined by a network in virtual time that loses, delays, reorders and duplicates by a seeded generator.
/// </summary>
internal sealed class VirtualNetwork(int seed, double loss = 0)
{
    private readonly PriorityQueue<(TransportAddress From, TransportAddress To, byte[] Bytes), (long, int)> _flying = new();
    private readonly List<VirtualAgent> _agents = [];
    private int _order;

    public Random Random { get; } = new(seed);

    public double Loss { get; set; } = loss;

    /// <summary>Datagrams for which this is true are lost on their way.</summary>
    public Func<TransportAddress, TransportAddress, bool> Blocks { get; set; } = static (_, _) => false;

    public Instant Now { get; private set; } = Instant.FromMilliseconds(1000);

    public VirtualAgent Add(IceAgentOptions options, byte host)
    {
        var agent = new VirtualAgent(this, options, TransportAddress.FromIPv4(0x0A000000u | host, 5000));
        _agents.Add(agent);
        return agent;
    }

    public void Send(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes)
    {
        if (Random.NextDouble() < Loss || Blocks(from, to))
        {
            return;
        }

        for (var copies = Random.NextDouble() < 0.02 ? 2 : 1; copies > 0; copies--)
        {
            var arrival = Now + TimeSpan.FromMilliseconds(10 + 30 * Random.NextDouble());
            _flying.Enqueue((from, to, bytes.ToArray()), (arrival.Microseconds, _order++));
        }
    }

    /// <summary>Lets time pass until the condition holds; false when it does not within the span.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan span)
    {
        var end = Now + span;
        while (!condition())
        {
            var next = _agents.Min(static a => a.Agent.NextDeadline);
            if (_flying.TryPeek(out _, out var priority) && priority.Item1 < next.Microseconds)
            {
                next = new Instant(priority.Item1);
            }

            if (next > end)
            {
                Now = end;
                return condition();
            }

            Now = Instant.Max(Now, next);
            Deliver();
        }

        return true;
    }

    public void Run(TimeSpan span) => RunUntil(static () => false, span);

    private void Deliver()
    {
        while (_flying.TryPeek(out var datagram, out var priority) && priority.Item1 <= Now.Microseconds)
        {
            _flying.Dequeue();
            _agents.FirstOrDefault(a => a.Address == datagram.To)?.Receive(datagram.Bytes, datagram.From);
        }

        foreach (var agent in _agents)
        {
            if (agent.Agent.NextDeadline <= Now)
            {
                agent.Agent.HandleTimeout(Now);
            }
        }
    }
}

/// <summary>One agent with one socket.</summary>
internal sealed class VirtualAgent : IDatagramSink, IRandomSource
{
    private readonly VirtualNetwork _network;
    private readonly Dictionary<int, TransportAddress> _paths = [];
    private readonly byte[] _buffer = new byte[2048];
    private TransportAddress _destination;
    private int _nextPath;

    public VirtualAgent(VirtualNetwork network, IceAgentOptions options, TransportAddress address)
    {
        _network = network;
        Address = address;
        Agent = new IceAgent(options, IceCredentials.Generate(this), this, this);
    }

    public IceAgent Agent { get; }

    /// <summary>Where it is seen from; changes when its NAT forgets it.</summary>
    public TransportAddress Address { get; set; }

    public int OpenPaths => _paths.Count;

    public int Sent { get; private set; }

    public int Received { get; private set; }

    public void Receive(byte[] bytes, TransportAddress from)
    {
        Received++;
        Assert.True(StunMessage.LooksLikeStun(bytes));
        Agent.HandleStun(bytes, from, _network.Now);
    }

    public void Meet(VirtualAgent peer, bool withCandidate)
    {
        Agent.SetRemote(peer.Agent.Local, _network.Now);
        if (withCandidate)
        {
            Agent.AddRemoteCandidate(peer.Address, 1000);
        }
    }

    public PathId OpenPath(in TransportAddress remote)
    {
        _paths.Add(_nextPath, remote);
        return new PathId(_nextPath++);
    }

    /// <summary>Addresses that the agent took from whoever had them.</summary>
    public HashSet<TransportAddress> Taken { get; } = [];

    public void Claim(in TransportAddress remote, bool proven)
    {
        Assert.Contains(remote, _paths.Values);
        if (proven)
        {
            Taken.Add(remote);
        }
    }

    public void ClosePath(PathId path) => Assert.True(_paths.Remove(path.Value));

    public Span<byte> Reserve(PathId path, int capacity)
    {
        _destination = _paths[path.Value];
        return _buffer.AsSpan(0, capacity);
    }

    public void Commit(int length)
    {
        Sent++;
        _network.Send(Address, _destination, _buffer.AsSpan(0, length));
    }

    public void Fill(Span<byte> destination) => _network.Random.NextBytes(destination);

    public static TransportAddress Elsewhere(int host) =>
        TransportAddress.FromEndPoint(new IPEndPoint(new IPAddress([10, 1, (byte)(host >> 8), (byte)host]), 6000));
}
