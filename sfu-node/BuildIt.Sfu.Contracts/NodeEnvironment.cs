namespace BuildIt.Sfu.Contracts;

/// <summary>
/// Environment variables by which the operator configures a node. Ports are 1 to 65535; switches are <c>true</c> or
/// <c>false</c>; rates are bits per second; durations are whole seconds; lists are separated by commas.
/// </summary>
public static class NodeEnvironment
{
    public const string Prefix = "BUILDIT_";

    // Who the node is.
    public const string Namespace = Prefix + "NAMESPACE";
    public const string Cluster = Prefix + "CLUSTER";

    /// <summary>The pod's name, which is the <see cref="NodeId"/>.</summary>
    public const string Instance = Prefix + "INSTANCE";
    public const string Region = Prefix + "REGION";
    public const string Revision = Prefix + "REVISION";

    // Where it is. From the downward API.
    public const string PodIp = Prefix + "POD_IP";
    public const string HostIp = Prefix + "HOST_IP";
    public const string KubernetesNode = Prefix + "KUBERNETES_NODE";

    // Sockets it opens.
    public const string SignalPort = Prefix + "SIGNAL_PORT";
    public const string HealthPort = Prefix + "HEALTH_PORT";
    public const string ControlPort = Prefix + "CONTROL_PORT";
    public const string RelayPort = Prefix + "RELAY_PORT";
    public const string MediaUdpPort = Prefix + "MEDIA_UDP_PORT";

    /// <summary>0 switches media over TCP off.</summary>
    public const string MediaTcpPort = Prefix + "MEDIA_TCP_PORT";

    // What it tells clients about itself.

    /// <summary>How the media address is found: one of <see cref="AdvertiseModes"/>.</summary>
    public const string Advertise = Prefix + "ADVERTISE";

    /// <summary>The media address when it is known at start (mode Static).</summary>
    public const string AdvertiseAddress = Prefix + "ADVERTISE_ADDRESS";

    /// <summary>
    /// A directory projected from the pod's annotations by the downward API. The node reads the files
    /// <see cref="AdvertiseFiles"/> from it and is not ready before the address is there.
    /// </summary>
    public const string AdvertiseDirectory = Prefix + "ADVERTISE_DIRECTORY";

    /// <summary>STUN servers as host:port, asked for the public address in mode Stun.</summary>
    public const string StunServers = Prefix + "STUN_SERVERS";

    /// <summary>The public host name of the region's signalling, for answers that send clients elsewhere.</summary>
    public const string SignalHost = Prefix + "SIGNAL_HOST";

    // What it may carry.
    public const string MaxPublishers = Prefix + "MAX_PUBLISHERS";
    public const string MaxSubscribers = Prefix + "MAX_SUBSCRIBERS";
    public const string MaxRooms = Prefix + "MAX_ROOMS";
    public const string IngressCapacity = Prefix + "INGRESS_CAPACITY";
    public const string EgressCapacity = Prefix + "EGRESS_CAPACITY";

    // The registry. Without addresses the node keeps its own in memory.
    public const string RedisAddresses = Prefix + "REDIS_ADDRESSES";
    public const string RedisTls = Prefix + "REDIS_TLS";
    public const string RedisUsername = Prefix + "REDIS_USERNAME";
    public const string RedisPassword = Prefix + "REDIS_PASSWORD";

    // Secrets.

    /// <summary>A directory whose files are API keys: the file's name is the key, its content the secret.</summary>
    public const string ApiKeysDirectory = Prefix + "API_KEYS_DIRECTORY";

    /// <summary>A directory with <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c> for the control port. Re-read when it changes.</summary>
    public const string ControlTlsDirectory = Prefix + "CONTROL_TLS_DIRECTORY";

    /// <summary>A directory with <c>tls.crt</c> and <c>tls.key</c> for signalling; unset when TLS ends before the pod.</summary>
    public const string SignalTlsDirectory = Prefix + "SIGNAL_TLS_DIRECTORY";

    // TURN servers handed to clients.
    public const string TurnDomain = Prefix + "TURN_DOMAIN";

    /// <summary>The port for UDP and TCP; unset, or 0, for none.</summary>
    public const string TurnPort = Prefix + "TURN_PORT";
    public const string TurnTlsPort = Prefix + "TURN_TLS_PORT";

    /// <summary>A file that holds the secret from which time-limited TURN credentials are made.</summary>
    public const string TurnSecretFile = Prefix + "TURN_SECRET_FILE";

    // Behaviour.

    /// <summary>A file with how much is logged, which may change at any time; while it is empty or away, LOG_LEVEL counts.</summary>
    public const string LogLevelFile = Prefix + "LOG_LEVEL_FILE";

    /// <summary>How long a drain that the process starts itself (SIGTERM) may take, in seconds.</summary>
    public const string DrainDeadline = Prefix + "DRAIN_DEADLINE";

    /// <summary>False when a node that stands alone refuses to join unknown rooms, instead of opening them. A fleet has <see cref="RoomApi"/>.</summary>
    public const string AutoCreateRooms = Prefix + "AUTO_CREATE_ROOMS";

    /// <summary>Base URL of the room-api's port that is not for the public, to create unknown rooms there. Unset, they are refused.</summary>
    public const string RoomApi = Prefix + "ROOM_API";

    /// <summary>
    /// A file with load that is reported instead of the real one, for tests and rehearsals: JSON of <see cref="NodeLoad"/>,
    /// read again for each heartbeat. Unset in production.
    /// </summary>
    public const string SyntheticLoadFile = Prefix + "SYNTHETIC_LOAD_FILE";

    /// <summary>Load that is reported instead of the real one, for tests and rehearsals: JSON of <see cref="NodeLoad"/>.</summary>
    public const string SyntheticLoad = Prefix + "SYNTHETIC_LOAD";
}

/// <summary>How a pod's media address is found.</summary>
public static class AdvertiseModes
{
    /// <summary>The external address of the Kubernetes node, told by the operator.</summary>
    public const string NodeExternalIp = "NodeExternalIP";

    /// <summary>The address of the Kubernetes node inside its network.</summary>
    public const string HostIp = "HostIP";

    /// <summary>The address of the pod's own load balancer, told by the operator.</summary>
    public const string LoadBalancer = "LoadBalancer";

    /// <summary>Written in the fleet's spec.</summary>
    public const string Static = "Static";

    /// <summary>Asked from a STUN server by the node.</summary>
    public const string Stun = "Stun";

    /// <summary>The pod's own address: for clients inside the cluster's network.</summary>
    public const string PodIp = "PodIP";
}

/// <summary>Files in the directory named by <see cref="NodeEnvironment.AdvertiseDirectory"/>. Empty until the operator knows.</summary>
public static class AdvertiseFiles
{
    public const string Address = "address";

    /// <summary>The outside UDP port, where it differs from the pod's.</summary>
    public const string UdpPort = "udp-port";

    /// <summary>The outside TCP port, where it differs from the pod's.</summary>
    public const string TcpPort = "tcp-port";

    /// <summary>How much the node logs, where a person has said so; see <see cref="NodeEnvironment.LogLevelFile"/>.</summary>
    public const string LogLevel = "log-level";
}

/// <summary>Ports used where the spec names none.</summary>
public static class NodePorts
{
    /// <summary>HTTP and WebSocket: LiveKit's own default.</summary>
    public const int Signal = 7880;

    /// <summary>Media over TCP: LiveKit's own default.</summary>
    public const int MediaTcp = 7881;

    /// <summary>All media over UDP: LiveKit's own default for a single port.</summary>
    public const int MediaUdp = 7882;

    /// <summary>Control between operator and node, over mutual TLS.</summary>
    public const int Control = 7883;

    /// <summary>Relays between nodes.</summary>
    public const int Relay = 7884;

    /// <summary>Health and metrics, plain HTTP.</summary>
    public const int Health = 7885;

    /// <summary>The first of the ports that no spec can give away: <see cref="Control"/> to <see cref="Health"/>.</summary>
    public const int FirstOwn = Control;

    /// <summary>The last of them.</summary>
    public const int LastOwn = Health;
}

/// <summary>Names in the certificates of operator and nodes. Each side checks the name of the other.</summary>
public static class ControlIdentity
{
    /// <summary>The DNS name in the operator's client certificate.</summary>
    public const string Operator = "operator.sfu.buildit.network";

    /// <summary>The DNS name in every node's server certificate: pods come and go too fast for their addresses to be in it.</summary>
    public const string Node = "node.sfu.buildit.network";
}
