using System.Net;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Telemetry;

namespace BuildIt.RoomApi.Configuration;

/// <summary>Everything the room-api is told at start. Immutable; read by <see cref="SettingsReader"/>.</summary>
public sealed record RoomApiSettings
{
    public required string Namespace { get; init; }

    /// <summary>Scheme, host and path prefix, without a slash at the end.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>Null: every address.</summary>
    public IPAddress? BindAddress { get; init; }

    public int Port { get; init; } = 8080;

    public int OperationsPort { get; init; } = 9090;

    /// <summary>For how long requests are still answered once the process is asked to end.</summary>
    public TimeSpan ShutdownDelay { get; init; }

    public required ReadOnlyMemory<byte> Pepper { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<ApiKey> ApiKeys { get; init; }

    public required ApiKey SigningKey { get; init; }

    public required IReadOnlyList<string> RedisAddresses { get; init; }

    public bool RedisTls { get; init; }

    public string? RedisUsername { get; init; }

    public string? RedisPassword { get; init; }

    public TrustedProxies TrustedProxies { get; init; } = TrustedProxies.None;

    public string? CountryHeader { get; init; }

    public string? GeoDatabase { get; init; }

    public string EndpointTemplate { get; init; } = "wss://{host}";

    public string? DefaultEndpoint { get; init; }

    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    public TimeSpan ReadyDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan RoomLifetime { get; init; } = TimeSpan.FromHours(24);

    public TimeSpan MaxRoomLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long rooms are kept after they have ended.</summary>
    public TimeSpan EndedRoomTtl { get; init; } = TimeSpan.FromHours(1);

    public int MaxParticipants { get; init; } = 1000;

    /// <summary>Requests per minute and key.</summary>
    public int KeyLimit { get; init; } = 120;

    /// <summary>Requests per minute and address.</summary>
    public int AddressLimit { get; init; } = 600;

    /// <summary>Rooms per hour and key.</summary>
    public int CreateLimit { get; init; } = 100;

    /// <summary>Rooms per hour and address.</summary>
    public int AddressCreateLimit { get; init; } = 500;

    /// <summary>How much members of all rooms may leave in Redis, in bytes.</summary>
    public long LeftBehindMemory { get; init; } = 64L << 20;

    /// <summary>Null: the service account of the pod.</summary>
    public string? Kubeconfig { get; init; }

    public TelemetrySettings Telemetry { get; init; } = new();

    /// <summary>Secrets are held here, so nothing is printed.</summary>
    public override string ToString() => $"RoomApiSettings({PublicUrl})";
}
