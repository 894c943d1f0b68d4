using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Net;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;

namespace BuildIt.Sfu.Node.Hosting;

/// <summary>The media side of the process: sockets, loops, certificate, and the addresses that clients are given. Thread-safe.</summary>
public sealed partial class MediaServer : IDisposable
{
    private readonly MediaNetwork _network;
    private readonly DtlsCertificate _certificate;
    private volatile IReadOnlyList<IceCandidate> _candidates = [];

    public MediaServer(NodeSettings settings, ConnectionLimits limits, TimeProvider time, ILogger<MediaServer> logger)
    {
        var bind = settings.BindAddress is { } address ? IPAddress.Parse(address) : IPAddress.IPv6Any;
        _network = new MediaNetwork(new MediaNetworkOptions
        {
            LoopCount = settings.Loops > 0 ? settings.Loops : Environment.ProcessorCount,
            UdpEndPoint = new IPEndPoint(bind, settings.MediaUdpPort),
            TcpEndPoint = settings.MediaTcpPort < 0 ? null : new IPEndPoint(bind, settings.MediaTcpPort),
            MaxTcpConnectionsInAll = limits.Media,
        });
        _network.Fault += (loop, error) => LogFault(logger, loop.Index, error);
        _certificate = DtlsCertificate.Generate(time);
        var dtls = new DtlsSessionFactory(_certificate);
        var srtp = new SrtpSessionFactory();
        SrtpRefusals = srtp.Refusals;
        var hosts = new List<MediaHost>();
        foreach (var loop in _network.Loops)
        {
            hosts.Add(new MediaHost(loop, dtls, srtp, () => _candidates, bind));
        }

        Rooms = new MediaRoomFactory(hosts);
        Counters = [.. hosts.Select(host => host.Counters)];
    }

    public IMediaRoomFactory Rooms { get; }

    /// <summary>What happens to media, by loop.</summary>
    public IReadOnlyList<MediaCounters> Counters { get; }

    /// <summary>Packets that were not encrypted, and so not sent.</summary>
    public SrtpRefusals SrtpRefusals { get; }

    /// <summary>Ends the process: a loop cannot go on.</summary>
    public event Action<MediaLoop, Exception> Fatal
    {
        add => _network.Fatal += value;
        remove => _network.Fatal -= value;
    }

    public int UdpPort => _network.UdpPort;

    /// <summary>0 when media over TCP is off.</summary>
    public int TcpPort => _network.TcpPort;

    public IReadOnlyList<MediaLoop> Loops => _network.Loops;

    public void Start() => _network.Start();

    /// <summary>Tells clients from now on to send media to these addresses. Ports are the outside ones.</summary>
    public void Advertise(AdvertisedAddress found)
    {
        var candidates = new List<IceCandidate>();
        var preference = ushort.MaxValue;
        foreach (var address in found.Addresses)
        {
            candidates.Add(IceCandidate.Host(new IPEndPoint(address, found.UdpPort), TransportProtocol.Udp, preference));
            if (found.TcpPort > 0)
            {
                candidates.Add(IceCandidate.Host(new IPEndPoint(address, found.TcpPort), TransportProtocol.Tcp, preference));
            }

            preference--;
        }

        _candidates = candidates;
    }

    public void Dispose()
    {
        _network.Dispose();
        _certificate.Dispose();
    }

    /// <summary>
    /// Addresses of this machine that a developer's browser can reach: loopback and every interface that is up.
    /// Loopback comes last because a browser does not gather candidates there by itself.
    /// </summary>
    public static IReadOnlyList<IPAddress> LocalAddresses()
    {
        var found = NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.OperationalStatus == OperationalStatus.Up)
            .SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork)
            .OrderBy(IPAddress.IsLoopback)
            .ToList();
        return found.Count > 0 ? found : [IPAddress.Loopback];
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A handler on media loop {Loop} failed; the loop goes on")]
    private static partial void LogFault(ILogger logger, int loop, Exception error);
}
