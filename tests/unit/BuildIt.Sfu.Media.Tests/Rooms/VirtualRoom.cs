using System.Net;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Media.Tests.Network;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>
/// A whole <see cref="MediaRoom"/> and its clients in virtual time, joined by emulated links. Everything follows from the seed.
/// </summary>
internal sealed class VirtualRoom : IMediaHost, IRoomLoop, IMediaRoomEvents
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    private readonly int _seed;
    private readonly List<ModelClient> _clients = [];
    private readonly List<IDeadline> _scheduled = [];
    private readonly Queue<Action<Instant>> _posted = new();
    private VirtualEndpoint? _created;
    private int _ufrags;

    public VirtualRoom(int seed)
    {
        _seed = seed;
        Random = new SeededSource(seed);
        Media = new MediaRoom(this, this);
    }

    public MediaRoom Media { get; }

    public Instant Now { get; private set; } = Instant.Zero + TimeSpan.FromHours(1);

    public IRoomLoop Loop => this;

    public int Index => 0;

    public IRandomSource Random { get; }

    public MediaCounters Counters { get; } = new();

    public IDtlsSessionFactory Dtls { get; } = new PlainDtlsFactory();

    public ISrtpSessionFactory Srtp => Encryption;

    public PlainSrtpFactory Encryption { get; } = new();

    public IReadOnlyList<IceCandidate> Candidates { get; } = [IceCandidate.Host(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 7882), TransportProtocol.Udp)];

    /// <summary>Where the node sees the participant that joined after that many others.</summary>
    public static TransportAddress AddressOf(int place) => TransportAddress.FromIPv4(0x0A000001u + (uint)place, 5000);

    /// <summary>Adds a participant with a fast, faultless link.</summary>
    public ModelClient Join(string name)
    {
        var address = AddressOf(_clients.Count);
        var seed = _seed * 100 + _clients.Count * 10;
        var client = new ModelClient(this, name, seed);
        _clients.Add(client);
        client.Peer = Media.AddPeer(new MediaPeerOptions { Sid = new ParticipantSid("PA_" + name), SinglePeerConnection = true }, client, Now);
        client.NodeSide = _created!;
        _created!.Output = (bytes, now) => Send(client.Down, bytes, now, client.HandleDatagram);
        client.Output = (bytes, now) => Send(client.Up, bytes, now, (datagram, _) => client.NodeSide.Handler.HandleDatagram(datagram, address, Now));
        return client;
    }

    public void Run(double seconds)
    {
        for (var end = Now + TimeSpan.FromSeconds(seconds); Now < end;)
        {
            Tick();
        }
    }

    /// <summary>Seconds until the condition holds; infinite when it does not within the limit.</summary>
    public double SecondsUntil(Func<bool> condition, double limit)
    {
        var start = Now;
        while (!condition())
        {
            if (Now - start > TimeSpan.FromSeconds(limit))
            {
                return double.PositiveInfinity;
            }

            Tick();
        }

        return (Now - start).TotalSeconds;
    }

    public string CreateUfrag() => $"node{_ufrags++:0000}";

    public IMediaEndpoint CreateEndpoint(IDatagramHandler handler) => _created = new VirtualEndpoint(this, handler);

    public IMediaEndpoint CreateExclusiveEndpoint(IDatagramHandler handler) => CreateEndpoint(handler);

    public IMediaEndpoint CreateInnerEndpoint(IDatagramHandler handler, out IceCandidate candidate)
    {
        candidate = Candidates[0];
        return CreateEndpoint(handler);
    }

    public bool Post(Action<Instant> work)
    {
        _posted.Enqueue(work);
        return true;
    }

    public void Schedule(IDeadline deadline)
    {
        if (!_scheduled.Contains(deadline))
        {
            _scheduled.Add(deadline);
        }
    }

    public void Unschedule(IDeadline deadline) => _scheduled.Remove(deadline);

    public void OnSpeakersChanged(ReadOnlySpan<SpeakerLevel> changed, Instant now)
    {
    }

    public void OnQualityChanged(ReadOnlySpan<ParticipantQuality> changed, Instant now)
    {
    }

    /// <summary>What a datagram of the last connection that was made goes through.</summary>
    public VirtualEndpoint Wire(EmulatedLink link, Action<byte[]> deliver)
    {
        var endpoint = _created!;
        endpoint.Output = (bytes, now) => Send(link, bytes, now, (datagram, _) => deliver(datagram));
        return endpoint;
    }

    private static void Send(EmulatedLink link, ReadOnlySpan<byte> bytes, Instant now, Action<byte[], Instant> deliver) =>
        link.Send(new EmulatedPacket(new Datagram(bytes.ToArray(), deliver), 0, bytes.Length + 28, now), now);

    /// <summary>Goes on by a millisecond.</summary>
    public void Tick()
    {
        Now += Step;
        while (_posted.TryDequeue(out var work))
        {
            work(Now);
        }

        foreach (var client in _clients)
        {
            client.Up.Advance(Now);
            client.Down.Advance(Now);
            client.HandleTimeout(Now);
        }

        for (var i = 0; i < _scheduled.Count; i++)
        {
            if (_scheduled[i].NextDeadline <= Now)
            {
                _scheduled[i].HandleTimeout(Now);
            }
        }
    }

    /// <summary>A copy for each arrival: receivers change the bytes, and links may duplicate.</summary>
    private sealed class Datagram(byte[] bytes, Action<byte[], Instant> deliver) : IPacketReceiver
    {
        public void OnPacket(in EmulatedPacket packet, Instant now) => deliver((byte[])bytes.Clone(), now);
    }
}

/// <summary>The one way out of a peer connection, whatever address it names.</summary>
internal sealed class VirtualEndpoint(VirtualRoom room, IDatagramHandler handler) : IMediaEndpoint
{
    private readonly byte[] _buffer = new byte[65536];

    public IDatagramHandler Handler => handler;

    public Action<ReadOnlySpan<byte>, Instant> Output { get; set; } = static (_, _) => { };

    public PathId OpenPath(in TransportAddress remote) => new(0);

    public void Claim(in TransportAddress remote, bool proven)
    {
    }

    public void ClosePath(PathId path)
    {
    }

    public Span<byte> Reserve(PathId path, int capacity) => _buffer.AsSpan(0, capacity);

    public void Commit(int length) => Output(_buffer.AsSpan(0, length), room.Now);

    public bool AddUfrag(string ufrag) => true;

    public void RemoveUfrag(string ufrag)
    {
    }

    public void Dispose()
    {
    }
}
