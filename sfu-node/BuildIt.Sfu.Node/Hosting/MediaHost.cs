using System.Net;
using System.Security.Cryptography;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>What the rooms of one loop get from this process.</summary>
public sealed class MediaHost(
    MediaLoop loop,
    IDtlsSessionFactory dtls,
    ISrtpSessionFactory srtp,
    Func<IReadOnlyList<IceCandidate>> candidates,
    IPAddress bind) : IMediaHost
{
    private int _rooms;

    public IRoomLoop Loop => loop;

    /// <summary>Rooms that were put here and have not ended. Any thread.</summary>
    public int Rooms => Volatile.Read(ref _rooms);

    public IRandomSource Random { get; } = new SystemRandom();

    public MediaCounters Counters { get; } = new();

    public IDtlsSessionFactory Dtls => dtls;

    public ISrtpSessionFactory Srtp => srtp;

    public IReadOnlyList<IceCandidate> Candidates => candidates();

    public string CreateUfrag() => LoopUfrag.Create(loop.Index);

    public IMediaEndpoint CreateEndpoint(IDatagramHandler handler) => loop.CreateEndpoint(handler);

    public IMediaEndpoint CreateExclusiveEndpoint(IDatagramHandler handler) => loop.CreateExclusiveEndpoint(handler, new IPEndPoint(bind, 0));

    public IMediaEndpoint CreateInnerEndpoint(IDatagramHandler handler, out IceCandidate candidate)
    {
        var endpoint = loop.CreateInnerEndpoint(handler);
        candidate = IceCandidate.Host(new IPEndPoint(IPAddress.Loopback, endpoint.LocalPort), TransportProtocol.Udp);
        return endpoint;
    }

    internal void RoomAdded() => Interlocked.Increment(ref _rooms);

    internal void RoomRemoved() => Interlocked.Decrement(ref _rooms);

    private sealed class SystemRandom : IRandomSource
    {
        public void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
    }
}
