using System.ComponentModel;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Schema;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Api;

/// <summary>How clients reach a pod's media ports.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkMode>))]
public enum NetworkMode
{
    /// <summary>Ports of the Kubernetes node are forwarded to the pod; several pods share a node.</summary>
    HostPort,

    /// <summary>The pod uses the network of its Kubernetes node; one pod per node.</summary>
    HostNetwork,

    /// <summary>A NodePort service per pod.</summary>
    NodePort,

    /// <summary>A LoadBalancer service per pod.</summary>
    LoadBalancer,
}

/// <summary>Where the address that clients send media to comes from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdvertiseSource>))]
public enum AdvertiseSource
{
    /// <summary>The ExternalIP of the Kubernetes node.</summary>
    NodeExternalIP,

    /// <summary>The address of the Kubernetes node inside the cluster's network.</summary>
    HostIP,

    /// <summary>The address of the pod's load balancer.</summary>
    LoadBalancer,

    /// <summary>The address in <see cref="NetworkSpec.StaticAddress"/>.</summary>
    Static,

    /// <summary>The address that a STUN server sees.</summary>
    Stun,
}

/// <summary>How clients reach the pods.</summary>
[CelRule("(has(self.advertise) && self.advertise == 'Static') == has(self.staticAddress)", "give staticAddress when advertise is Static, and only then")]
[CelRule("(has(self.advertise) && self.advertise == 'Stun') == has(self.stunServer)", "give stunServer when advertise is Stun, and only then")]
[CelRule("!has(self.advertise) || self.advertise != 'LoadBalancer' || self.mode == 'LoadBalancer'", "advertise LoadBalancer needs mode LoadBalancer")]
[CelRule("!has(self.hostPortRange) || self.mode == 'HostPort'", "hostPortRange needs mode HostPort")]
[CelRule("self.tcpPort != self.signalPort", "tcpPort and signalPort must differ")]
[CelRule("!has(self.hostPortRange) || self.signalPort < self.hostPortRange.first || self.signalPort > self.hostPortRange.last", "hostPortRange must not hold signalPort")]
[CelRule("!has(self.tlsSecretRef) || has(self.signalHost)", "tlsSecretRef needs signalHost")]
public sealed record NetworkSpec
{
    [Description("How media reaches a pod: HostPort, HostNetwork, NodePort or LoadBalancer.")]
    public NetworkMode Mode { get; init; } = NetworkMode.HostPort;

    [Description("The one UDP port that carries all media of a pod.")]
    [Bounds(1, 65535)]
    [OutsideNodePorts]
    public int UdpPort { get; init; } = NodePorts.MediaUdp;

    [Description("In mode HostPort, the range of ports of the Kubernetes node that pods take their UDP and TCP ports from. Left out, udpPort and tcpPort themselves are taken, one pod per Kubernetes node.")]
    [OutsideNodePorts]
    public PortRangeSpec? HostPortRange { get; init; }

    [Description("TCP port for media of clients that cannot use UDP.")]
    [Bounds(1, 65535)]
    [OutsideNodePorts]
    public int TcpPort { get; init; } = NodePorts.MediaTcp;

    [Description("TCP port of the WebSocket and HTTP API inside the cluster.")]
    [Bounds(1, 65535)]
    [OutsideNodePorts]
    public int SignalPort { get; init; } = NodePorts.Signal;

    [Description("Where the address that clients send media to comes from: NodeExternalIP, HostIP, LoadBalancer, Static or Stun. Left out, LoadBalancer in mode LoadBalancer and NodeExternalIP in the others.")]
    public AdvertiseSource? Advertise { get; init; }

    /// <summary>The source in force: the one given, or the one that suits the mode.</summary>
    [JsonIgnore]
    public AdvertiseSource EffectiveAdvertise =>
        Advertise ?? (Mode == NetworkMode.LoadBalancer ? AdvertiseSource.LoadBalancer : AdvertiseSource.NodeExternalIP);

    [Description("The advertised IP address when advertise is Static.")]
    [TextLength(2, 45)]
    public string? StaticAddress { get; init; }

    [Description("The STUN server as host:port when advertise is Stun.")]
    [TextPattern(Patterns.HostAndPort, "host:port, such as stun.example.com:3478")]
    [TextLength(3, 259)]
    public string? StunServer { get; init; }

    [Description("The host name at which all pods of the region accept WebSocket connections, for example sfu.us-east.example.com.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string? SignalHost { get; init; }

    [Description("TLS certificate of signalHost, in a Secret of type kubernetes.io/tls. Left out, TLS ends before the pods.")]
    public SecretReference? TlsSecretRef { get; init; }
}

/// <summary>A range of ports, both ends included.</summary>
[CelRule("self.first <= self.last", "first must not be above last")]
public sealed record PortRangeSpec
{
    [Required]
    [Description("Lowest port.")]
    [Bounds(1024, 65535)]
    public int First { get; init; }

    [Required]
    [Description("Highest port.")]
    [Bounds(1024, 65535)]
    public int Last { get; init; }
}

/// <summary>Where a fleet stands.</summary>
[CelRule("has(self.latitude) == has(self.longitude)", "give latitude and longitude together, or neither")]
public sealed record GeoSpec
{
    [Description("Continent as two letters: AF, AN, AS, EU, NA, OC or SA.")]
    public Continent? Continent { get; init; }

    [Description("Country as in ISO 3166-1 alpha-2, for example US.")]
    [TextPattern("^[A-Z]{2}$", "two capital letters, such as US")]
    public string? Country { get; init; }

    [Description("Latitude in degrees, north positive.")]
    [Bounds(-90, 90)]
    public double? Latitude { get; init; }

    [Description("Longitude in degrees, east positive.")]
    [Bounds(-180, 180)]
    public double? Longitude { get; init; }
}

/// <summary>A continent by its two-letter code.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Continent>))]
public enum Continent
{
    AF,
    AN,
    AS,
    EU,
    NA,
    OC,
    SA,
}

/// <summary>A TURN server.</summary>
public sealed record TurnSpec
{
    [Required]
    [Description("Host name of the TURN server, as in its certificate.")]
    [TextPattern(Patterns.DnsSubdomain, Patterns.DnsSubdomainExpected)]
    [TextLength(1, 253)]
    public string Domain { get; init; } = string.Empty;

    [Description("Port for TURN over UDP and TCP, by convention 3478. Left out, clients are told of TURN over TLS only.")]
    [Bounds(1, 65535)]
    public int? Port { get; init; }

    [Description("Port for TURN over TLS.")]
    [Bounds(1, 65535)]
    public int TlsPort { get; init; } = 5349;

    [Required]
    [Description("Secret whose entry 'secret' is shared with the TURN server to make short-lived credentials.")]
    public SecretReference SecretRef { get; init; } = new();
}

/// <summary>The Redis of a region.</summary>
public sealed record RedisSpec
{
    [Required]
    [Description("Addresses as host:port; several for a cluster or replicas.")]
    [Items(1, 32)]
    [ListSet]
    [TextPattern(Patterns.HostAndPort, Patterns.HostAndPortExpected)]
    public IReadOnlyList<string> Addresses { get; init; } = [];

    [Description("Secret with 'password' and, if needed, 'username'. Left out, no authentication.")]
    public SecretReference? SecretRef { get; init; }

    [Description("Connects with TLS.")]
    public bool Tls { get; init; }
}
