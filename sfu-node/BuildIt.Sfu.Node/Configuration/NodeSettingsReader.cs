using System.Globalization;
using System.Net;
using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry;
using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.Sfu.Node.Configuration;

/// <summary>Reads <see cref="NodeSettings"/> from environment variables and reports every fault at once.</summary>
public sealed class NodeSettingsReader(Func<string, string?> environment)
{
    /// <summary>LiveKit's well-known development key pair.</summary>
    public const string DevelopmentKey = "devkey";

    private const string DevelopmentSecret = "secret";

    private readonly List<string> _faults = [];

    /// <summary>What is wrong, one sentence each; empty when the settings can be used.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Settings from the environment. Check <see cref="Faults"/> before using them.</summary>
    public NodeSettings Read(bool development)
    {
        var defaults = new NodeSettings();
        var udp = Port(NodeEnvironment.MediaUdpPort, defaults.MediaUdpPort);
        var tcp = Port(NodeEnvironment.MediaTcpPort, defaults.MediaTcpPort);
        var settings = defaults with
        {
            Development = development,
            Node = new NodeId(Text(NodeEnvironment.Instance) ?? "local"),
            Namespace = Text(NodeEnvironment.Namespace) ?? defaults.Namespace,
            Cluster = Text(NodeEnvironment.Cluster) ?? defaults.Cluster,
            Region = Text(NodeEnvironment.Region) ?? "",
            Revision = Text(NodeEnvironment.Revision) ?? "",
            BindAddress = Address(NodeVariables.BindAddress),
            SignalPort = Port(NodeEnvironment.SignalPort, defaults.SignalPort),
            HealthPort = Port(NodeEnvironment.HealthPort, defaults.HealthPort),
            ControlPort = Port(NodeEnvironment.ControlPort, defaults.ControlPort),
            RelayPort = Port(NodeEnvironment.RelayPort, defaults.RelayPort),
            MediaUdpPort = udp,
            // In the contract 0 switches TCP off, because an operator always names a port.
            MediaTcpPort = tcp == 0 ? -1 : tcp,
            Advertise = OneOf(NodeEnvironment.Advertise, development ? AdvertiseModes.Static : AdvertiseModes.PodIp, AdvertiseModeNames),
            AdvertiseAddresses = Addresses(NodeEnvironment.AdvertiseAddress),
            AdvertiseDirectory = Text(NodeEnvironment.AdvertiseDirectory),
            StunServers = List(NodeEnvironment.StunServers),
            PodIp = Address(NodeEnvironment.PodIp),
            HostIp = Address(NodeEnvironment.HostIp),
            SignalHost = Text(NodeEnvironment.SignalHost),
            Capacity = new NodeCapacity(
                Number(NodeEnvironment.MaxPublishers, NodeCapacity.Default.MaxPublishers),
                Number(NodeEnvironment.MaxSubscribers, NodeCapacity.Default.MaxSubscribers),
                Number(NodeEnvironment.MaxRooms, NodeCapacity.Default.MaxRooms),
                Number(NodeEnvironment.IngressCapacity, NodeCapacity.Default.IngressBitsPerSecond),
                Number(NodeEnvironment.EgressCapacity, NodeCapacity.Default.EgressBitsPerSecond)),
            RedisAddresses = List(NodeEnvironment.RedisAddresses),
            RedisTls = Switch(NodeEnvironment.RedisTls, false),
            RedisUsername = Text(NodeEnvironment.RedisUsername),
            RedisPassword = Text(NodeEnvironment.RedisPassword),
            ApiKeys = Keys(development),
            ControlTlsDirectory = Text(NodeEnvironment.ControlTlsDirectory),
            SignalTlsDirectory = Text(NodeEnvironment.SignalTlsDirectory),
            TurnDomain = Text(NodeEnvironment.TurnDomain),
            TurnPort = Port(NodeEnvironment.TurnPort, defaults.TurnPort),
            TurnTlsPort = Port(NodeEnvironment.TurnTlsPort, defaults.TurnTlsPort),
            TurnSecretFile = Text(NodeEnvironment.TurnSecretFile),
            DrainDeadline = TimeSpan.FromSeconds(Number(NodeEnvironment.DrainDeadline, (int)defaults.DrainDeadline.TotalSeconds)),
            ShutdownDelay = TimeSpan.FromSeconds(Number(NodeVariables.ShutdownDelay, development ? 0 : (int)defaults.ShutdownDelay.TotalSeconds)),
            AutoCreateRooms = Switch(NodeEnvironment.AutoCreateRooms, true),
            RoomApi = Url(NodeEnvironment.RoomApi),
            WebhookUrls = Urls(NodeVariables.WebhookUrls),
            WebhookKey = Text(NodeVariables.WebhookKey),
            RequireEndToEndEncryption = Switch(NodeVariables.RequireEndToEndEncryption, false),
            Loops = Number(NodeVariables.Loops, 0),
            RoomParts = Enum.TryParse<RoomPartMode>(OneOf(NodeVariables.RoomParts, nameof(RoomPartMode.Auto), Enum.GetNames<RoomPartMode>()), out var parts) ? parts : RoomPartMode.Auto,
            SyntheticLoadFile = Text(NodeEnvironment.SyntheticLoadFile),
            SyntheticLoad = Load(NodeEnvironment.SyntheticLoad),
            Telemetry = TelemetrySettings.Read(NodeEnvironment.Prefix, environment, development ? LogFormat.Text : LogFormat.Json, _faults),
        };
        if (settings.WebhookKey is { } key && !settings.ApiKeys.ContainsKey(key))
        {
            _faults.Add($"{NodeVariables.WebhookKey} names a key that is not among the API keys.");
        }

        return settings;
    }

    private static readonly string[] AdvertiseModeNames =
    [
        AdvertiseModes.NodeExternalIp, AdvertiseModes.HostIp, AdvertiseModes.LoadBalancer, AdvertiseModes.Static, AdvertiseModes.Stun, AdvertiseModes.PodIp,
    ];

    private Dictionary<string, string> Keys(bool development)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        if (development)
        {
            keys[DevelopmentKey] = DevelopmentSecret;
        }

        // "key: secret, key: secret", as people know it from LIVEKIT_KEYS.
        foreach (var pair in List(NodeVariables.ApiKeys))
        {
            var parts = pair.Split(':', 2, StringSplitOptions.TrimEntries);
            if (parts is [{ Length: > 0 } key, { Length: > 0 } secret])
            {
                keys[key] = secret;
            }
            else
            {
                _faults.Add($"{NodeVariables.ApiKeys} must be a comma-separated list of 'key: secret'.");
            }
        }

        if (Text(NodeEnvironment.ApiKeysDirectory) is { } directory)
        {
            ReadKeyFiles(directory, keys);
        }

        if (keys.Count == 0 && _faults.Count == 0)
        {
            _faults.Add($"No API keys: set {NodeVariables.ApiKeys} or {NodeEnvironment.ApiKeysDirectory}, or start with --dev.");
        }

        return keys;
    }

    private void ReadKeyFiles(string directory, Dictionary<string, string> keys)
    {
        try
        {
            // A mounted Secret holds its files behind hidden links.
            foreach (var file in Directory.EnumerateFiles(directory).Where(f => Path.GetFileName(f)[0] != '.'))
            {
                keys[Path.GetFileName(file)] = File.ReadAllText(file).Trim();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _faults.Add($"{NodeEnvironment.ApiKeysDirectory} cannot be read: {e.Message}");
        }
    }

    private string? Text(string name) => environment(name) is { Length: > 0 } text ? text : null;

    private string[] List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private int Port(string name, int otherwise)
    {
        var value = Number(name, otherwise);
        if (value is < 0 or > 65535)
        {
            _faults.Add($"{name} must be a port from 0 to 65535.");
        }

        return value;
    }

    private int Number(string name, int otherwise) => (int)Number(name, (long)otherwise, int.MaxValue);

    private long Number(string name, long otherwise, long most = long.MaxValue)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= most)
        {
            return value;
        }

        _faults.Add($"{name} must be a whole number of at least 0.");
        return otherwise;
    }

    private bool Switch(string name, bool otherwise)
    {
        switch (Text(name))
        {
            case null:
                return otherwise;
            case "true" or "1":
                return true;
            case "false" or "0":
                return false;
            default:
                _faults.Add($"{name} must be true or false.");
                return otherwise;
        }
    }

    private string OneOf(string name, string otherwise, string[] allowed)
    {
        var text = Text(name) ?? otherwise;
        if (!allowed.Contains(text, StringComparer.Ordinal))
        {
            _faults.Add($"{name} must be one of {string.Join(", ", allowed)}.");
        }

        return text;
    }

    private string? Address(string name)
    {
        var text = Text(name);
        if (text is not null && !IPAddress.TryParse(text, out _))
        {
            _faults.Add($"{name} must be an IP address.");
        }

        return text;
    }

    private string[] Addresses(string name)
    {
        var list = List(name);
        if (list.Any(text => !IPAddress.TryParse(text, out _)))
        {
            _faults.Add($"{name} must be a comma-separated list of IP addresses.");
        }

        return list;
    }

    private string[] Urls(string name)
    {
        var list = List(name);
        if (!list.All(text => TryUrl(text, out _)))
        {
            _faults.Add($"{name} must be a comma-separated list of http or https URLs.");
        }

        return list;
    }

    private Uri? Url(string name)
    {
        Uri? url = null;
        if (Text(name) is { } text && !TryUrl(text, out url))
        {
            _faults.Add($"{name} must be an http or https URL.");
        }

        return url;
    }

    private static bool TryUrl(string text, out Uri? url) => Uri.TryCreate(text, UriKind.Absolute, out url) && url.Scheme is "http" or "https";

    private NodeLoad? Load(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, ContractJson.Default.NodeLoad);
        }
        catch (JsonException)
        {
            _faults.Add($"{name} must be the JSON of a node's load.");
            return null;
        }
    }
}
