using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Telemetry;
using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.RoomApi.Configuration;

/// <summary>Reads <see cref="RoomApiSettings"/> from environment variables and files, and names every fault at once.</summary>
public sealed partial class SettingsReader(Func<string, string?> environment)
{
    private readonly List<string> _faults = [];

    /// <summary>What is wrong, one sentence each.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>The settings; false when there are <see cref="Faults"/>.</summary>
    public bool TryRead([NotNullWhen(true)] out RoomApiSettings? settings)
    {
        var keys = ApiKeys();
        settings = new RoomApiSettings
        {
            Namespace = Namespace(),
            PublicUrl = PublicUrl(),
            BindAddress = BindAddress(),
            Port = Port(RoomApiEnvironment.Port, 8080),
            OperationsPort = Port(RoomApiEnvironment.OperationsPort, 9090),
            Pepper = Pepper(),
            ApiKeys = keys,
            SigningKey = SigningKey(keys)!,
            RedisAddresses = RedisAddresses(),
            RedisTls = Switch(RoomApiEnvironment.RedisTls),
            RedisUsername = Text(RoomApiEnvironment.RedisUsername),
            RedisPassword = Text(RoomApiEnvironment.RedisPassword),
            TrustedProxies = new TrustedProxies(Networks()),
            CountryHeader = Header(RoomApiEnvironment.CountryHeader),
            GeoDatabase = ExistingFile(RoomApiEnvironment.GeoDatabase),
            EndpointTemplate = EndpointTemplate(),
            DefaultEndpoint = Endpoint(RoomApiEnvironment.DefaultEndpoint),
            CorsOrigins = CorsOrigins(),
            ShutdownDelay = Seconds(RoomApiEnvironment.ShutdownDelay, 0, 20),
            ReadyDeadline = Seconds(RoomApiEnvironment.ReadyDeadline, 10, 60),
            RoomLifetime = Seconds(RoomApiEnvironment.RoomLifetime, 86_400, 31_536_000),
            MaxRoomLifetime = Seconds(RoomApiEnvironment.MaxRoomLifetime, 604_800, 31_536_000),
            EndedRoomTtl = Seconds(RoomApiEnvironment.EndedRoomTtl, 3600, 31_536_000),
            MaxParticipants = Number(RoomApiEnvironment.MaxParticipants, 1000, 100_000),
            KeyLimit = Number(RoomApiEnvironment.KeyLimit, 120, 1_000_000),
            AddressLimit = Number(RoomApiEnvironment.AddressLimit, 600, 1_000_000),
            CreateLimit = Number(RoomApiEnvironment.CreateLimit, 100, 1_000_000),
            AddressCreateLimit = Number(RoomApiEnvironment.AddressCreateLimit, 500, 1_000_000),
            LeftBehindMemory = (long)Number(RoomApiEnvironment.LeftBehindMemory, 64, 1_000_000) << 20,
            Kubeconfig = ExistingFile(RoomApiEnvironment.Kubeconfig),
            Telemetry = TelemetrySettings.Read(RoomApiEnvironment.Prefix, environment, LogFormat.Json, _faults),
        };
        if (settings.Port == settings.OperationsPort)
        {
            _faults.Add($"{RoomApiEnvironment.Port} and {RoomApiEnvironment.OperationsPort} must differ.");
        }

        if (settings.RoomLifetime > settings.MaxRoomLifetime)
        {
            _faults.Add($"{RoomApiEnvironment.RoomLifetime} must not be above {RoomApiEnvironment.MaxRoomLifetime}.");
        }

        return _faults.Count == 0;
    }

    private string? Text(string name) => environment(name) is { Length: > 0 } text ? text : null;

    private string Required(string name)
    {
        if (Text(name) is { } text)
        {
            return text;
        }

        _faults.Add($"{name} must be set.");
        return string.Empty;
    }

    private string[] List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private string Namespace()
    {
        var text = Required(RoomApiEnvironment.Namespace);
        if (text.Length > 0 && (text.Length > 63 || !DnsLabel().IsMatch(text)))
        {
            _faults.Add($"{RoomApiEnvironment.Namespace} must be the name of a Kubernetes namespace.");
        }

        return text;
    }

    private string PublicUrl()
    {
        var text = Required(RoomApiEnvironment.PublicUrl);
        if (text.Length > 0
            && (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Query.Length > 0
                || uri.Fragment.Length > 0 || uri.UserInfo.Length > 0))
        {
            _faults.Add($"{RoomApiEnvironment.PublicUrl} must be an http or https URL without query, such as https://api.example.com.");
        }

        return text.TrimEnd('/');
    }

    private IPAddress? BindAddress()
    {
        if (Text(RoomApiEnvironment.BindAddress) is not { } text)
        {
            return null;
        }

        if (!IPAddress.TryParse(text, out var address))
        {
            _faults.Add($"{RoomApiEnvironment.BindAddress} must be an IP address.");
        }

        return address;
    }

    private int Port(string name, int otherwise) => Number(name, otherwise, 65535);

    private int Number(string name, int otherwise, int most)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= most)
        {
            return value;
        }

        _faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be a whole number from 1 to {most}."));
        return otherwise;
    }

    private TimeSpan Seconds(string name, int otherwise, int most) => TimeSpan.FromSeconds(Number(name, otherwise, most));

    private bool Switch(string name)
    {
        var text = Text(name);
        if (text is not (null or "true" or "false"))
        {
            _faults.Add($"{name} must be true or false.");
        }

        return text == "true";
    }

    private byte[] Pepper()
    {
        var path = Required(RoomApiEnvironment.PepperFile);
        if (path.Length == 0)
        {
            return [];
        }

        if (Read(path) is { Length: >= Pseudonyms.MinPepperLength } bytes)
        {
            return bytes;
        }

        _faults.Add($"{RoomApiEnvironment.PepperFile} must name a readable file with at least {Pseudonyms.MinPepperLength} bytes.");
        return [];
    }

    private List<ApiKey> ApiKeys()
    {
        var keys = new List<ApiKey>();
        var path = Required(RoomApiEnvironment.ApiKeysDirectory);
        if (path.Length == 0)
        {
            return keys;
        }

        if (!Directory.Exists(path))
        {
            _faults.Add($"{RoomApiEnvironment.ApiKeysDirectory} must name a directory.");
            return keys;
        }

        // Kubernetes keeps the real files of a Secret's volume in hidden directories beside the links.
        foreach (var file in Directory.EnumerateFiles(path).Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            var secret = Read(file) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes).Trim() : string.Empty;
            if (System.Text.Encoding.UTF8.GetByteCount(secret) < ApiKey.MinSecretLength)
            {
                _faults.Add($"The secret of API key '{name}' must have at least {ApiKey.MinSecretLength} bytes, as HS256 asks (RFC 7518 section 3.2).");
            }
            else
            {
                keys.Add(new ApiKey(name, secret));
            }
        }

        if (keys.Count == 0)
        {
            _faults.Add($"{RoomApiEnvironment.ApiKeysDirectory} must hold at least one API key.");
        }

        return keys;
    }

    private ApiKey? SigningKey(List<ApiKey> keys)
    {
        if (Text(RoomApiEnvironment.SigningKey) is not { } name)
        {
            return keys.FirstOrDefault();
        }

        var key = keys.Find(candidate => candidate.Name == name);
        if (key is null && keys.Count > 0)
        {
            _faults.Add($"{RoomApiEnvironment.SigningKey} must be one of the API keys: {string.Join(", ", keys.Select(candidate => candidate.Name))}.");
        }

        return key;
    }

    private string[] RedisAddresses()
    {
        var list = List(RoomApiEnvironment.RedisAddresses);
        if (list.Length == 0)
        {
            _faults.Add($"{RoomApiEnvironment.RedisAddresses} must be set.");
        }
        else if (!list.All(address => HostAndPort().IsMatch(address)))
        {
            _faults.Add($"{RoomApiEnvironment.RedisAddresses} must be a list of host:port.");
        }

        return list;
    }

    private List<IPNetwork> Networks()
    {
        var networks = new List<IPNetwork>();
        foreach (var text in List(RoomApiEnvironment.TrustedProxies))
        {
            if (IPNetwork.TryParse(text, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(text, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                _faults.Add($"{RoomApiEnvironment.TrustedProxies}: '{text}' is neither an address nor a network such as 10.0.0.0/8.");
            }
        }

        return networks;
    }

    private string? Header(string name)
    {
        var text = Text(name);
        if (text is not null && !HeaderName().IsMatch(text))
        {
            _faults.Add($"{name} must be the name of a header.");
        }

        return text;
    }

    private string? ExistingFile(string name)
    {
        var text = Text(name);
        if (text is not null && !File.Exists(text))
        {
            _faults.Add($"{name} must name a file.");
        }

        return text;
    }

    private string EndpointTemplate()
    {
        var text = Text(RoomApiEnvironment.EndpointTemplate) ?? "wss://{host}";
        if (!text.Contains("{host}", StringComparison.Ordinal) || !IsSocketUrl(text.Replace("{host}", "sfu.example.com", StringComparison.Ordinal)))
        {
            _faults.Add($"{RoomApiEnvironment.EndpointTemplate} must be a ws or wss URL with {{host}} in it.");
        }

        return text;
    }

    private string? Endpoint(string name)
    {
        var text = Text(name);
        if (text is not null && !IsSocketUrl(text))
        {
            _faults.Add($"{name} must be a ws or wss URL.");
        }

        return text;
    }

    private string[] CorsOrigins()
    {
        var list = List(RoomApiEnvironment.CorsOrigins);
        if (list.Any(origin => origin != "*" && (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.GetLeftPart(UriPartial.Authority) != origin)))
        {
            _faults.Add($"{RoomApiEnvironment.CorsOrigins} must be a list of origins such as https://app.example.com, or *.");
        }

        return list;
    }

    private static bool IsSocketUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "ws" or "wss";

    private static byte[]? Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$", RegexOptions.CultureInvariant)]
    private static partial Regex HostAndPort();

    [GeneratedRegex("^[A-Za-z0-9-]{1,64}$", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName();
}
