using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry;

namespace BuildIt.Sfu.Node.Configuration;

/// <summary>Everything a node is told at start. Immutable; read by <see cref="NodeSettingsReader"/>.</summary>
public sealed record NodeSettings
{
    /// <summary>True on a developer's machine: known keys, loopback addresses, readable logs.</summary>
    public bool Development { get; init; }

    public NodeId Node { get; init; } = new("local");

    public string Namespace { get; init; } = "default";

    public string Cluster { get; init; } = "local";

    public string Region { get; init; } = "";

    public string Revision { get; init; } = "";

    /// <summary>Address that all sockets bind to; null means every address.</summary>
    public string? BindAddress { get; init; }

    /// <summary>HTTP and WebSocket. 0 takes a free port.</summary>
    public int SignalPort { get; init; } = NodePorts.Signal;

    /// <summary>Health and metrics, plain HTTP. 0 takes a free port.</summary>
    public int HealthPort { get; init; } = NodePorts.Health;

    /// <summary>Mutual TLS; opened only when <see cref="ControlTlsDirectory"/> is set.</summary>
    public int ControlPort { get; init; } = NodePorts.Control;

    /// <summary>Links to other nodes, over mutual TLS; opened only in a fleet. 0 takes a free port.</summary>
    public int RelayPort { get; init; } = NodePorts.Relay;

    public int MediaUdpPort { get; init; } = NodePorts.MediaUdp;

    /// <summary>-1 switches media over TCP off.</summary>
    public int MediaTcpPort { get; init; } = NodePorts.MediaTcp;

    /// <summary>One of <see cref="AdvertiseModes"/>.</summary>
    public string Advertise { get; init; } = AdvertiseModes.PodIp;

    /// <summary>Addresses that clients are given for media when they are known at start.</summary>
    public IReadOnlyList<string> AdvertiseAddresses { get; init; } = [];

    public string? AdvertiseDirectory { get; init; }

    public IReadOnlyList<string> StunServers { get; init; } = [];

    public string? PodIp { get; init; }

    public string? HostIp { get; init; }

    public string? SignalHost { get; init; }

    public NodeCapacity Capacity { get; init; } = NodeCapacity.Default;

    /// <summary>Empty: the registry is kept in memory.</summary>
    public IReadOnlyList<string> RedisAddresses { get; init; } = [];

    public bool RedisTls { get; init; }

    public string? RedisUsername { get; init; }

    public string? RedisPassword { get; init; }

    /// <summary>API key to secret. Never printed.</summary>
    public IReadOnlyDictionary<string, string> ApiKeys { get; init; } = new Dictionary<string, string>();

    public string? ControlTlsDirectory { get; init; }

    public string? SignalTlsDirectory { get; init; }

    public string? TurnDomain { get; init; }

    /// <summary>For TURN over UDP and TCP; 0 for neither.</summary>
    public int TurnPort { get; init; }

    public int TurnTlsPort { get; init; } = 5349;

    public string? TurnSecretFile { get; init; }

    public TimeSpan DrainDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a drain that ends the process lasts at least.</summary>
    public TimeSpan ShutdownDelay { get; init; } = TimeSpan.FromSeconds(5);

    public bool AutoCreateRooms { get; init; } = true;

    /// <summary>Where a fleet's unknown rooms are created; null: nowhere.</summary>
    public Uri? RoomApi { get; init; }

    /// <summary>Webhook receivers; each is called for every event.</summary>
    public IReadOnlyList<string> WebhookUrls { get; init; } = [];

    /// <summary>API key that signs webhooks; the first key when unset.</summary>
    public string? WebhookKey { get; init; }

    /// <summary>Rooms refuse tracks that are announced without end-to-end encryption.</summary>
    public bool RequireEndToEndEncryption { get; init; }

    /// <summary>Media loops; 0 means one for each core.</summary>
    public int Loops { get; init; }

    /// <summary>Whether one room may use several of them.</summary>
    public RoomPartMode RoomParts { get; init; } = RoomPartMode.Auto;

    public string? SyntheticLoadFile { get; init; }

    public NodeLoad? SyntheticLoad { get; init; }

    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>Secrets are held here, so nothing is printed.</summary>
    public override string ToString() => $"NodeSettings({Node})";
}
