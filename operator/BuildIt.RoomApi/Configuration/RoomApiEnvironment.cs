using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.RoomApi.Configuration;

/// <summary>
/// Environment variables that configure the room-api. Ports are 1 to 65535; durations are whole seconds; switches are
/// <c>true</c> or <c>false</c>; lists are separated by commas.
/// </summary>
public static class RoomApiEnvironment
{
    public const string Prefix = "BUILDIT_ROOMAPI_";

    /// <summary>Required. The Kubernetes namespace of rooms and fleets, and the scope of names in Redis.</summary>
    public const string Namespace = Prefix + "NAMESPACE";

    /// <summary>
    /// Required. The URL by which clients reach this API, for example <c>https://api.example.com</c>; a path prefix is
    /// allowed. NIP-98 signatures are checked against it, never against what headers say.
    /// </summary>
    public const string PublicUrl = Prefix + "PUBLIC_URL";

    /// <summary>Address that both ports bind to; every address when unset.</summary>
    public const string BindAddress = Prefix + "BIND_ADDRESS";

    /// <summary>The API. 8080 when unset.</summary>
    public const string Port = Prefix + "PORT";

    /// <summary>Health, metrics, and the rooms that nodes have created; not for the public. 9090 when unset.</summary>
    public const string OperationsPort = Prefix + "OPERATIONS_PORT";

    /// <summary>
    /// For how long requests are still answered once the process is asked to end, in seconds up to 20: a Service leads to a pod for a moment
    /// after its end has begun. Not at all when unset.
    /// </summary>
    public const string ShutdownDelay = Prefix + "SHUTDOWN_DELAY";

    /// <summary>Required. File with at least 32 random bytes, the same for all replicas: names of people are derived from it.</summary>
    public const string PepperFile = Prefix + "PEPPER_FILE";

    /// <summary>Required. Directory of API keys, as the nodes have it: a file's name is the key, its content the secret.</summary>
    public const string ApiKeysDirectory = Prefix + "API_KEYS_DIRECTORY";

    /// <summary>The key that signs; the first by name when unset.</summary>
    public const string SigningKey = Prefix + "SIGNING_KEY";

    /// <summary>Required. Redis as host:port, several for a cluster or replicas.</summary>
    public const string RedisAddresses = Prefix + "REDIS_ADDRESSES";
    public const string RedisTls = Prefix + "REDIS_TLS";
    public const string RedisUsername = Prefix + "REDIS_USERNAME";
    public const string RedisPassword = Prefix + "REDIS_PASSWORD";

    /// <summary>Networks of proxies whose headers are believed, for example <c>10.0.0.0/8</c>. None when unset.</summary>
    public const string TrustedProxies = Prefix + "TRUSTED_PROXIES";

    /// <summary>Header in which trusted proxies write the caller's country, for example <c>CF-IPCountry</c>.</summary>
    public const string CountryHeader = Prefix + "COUNTRY_HEADER";

    /// <summary>A MaxMind country or city database, for callers whose country no header tells.</summary>
    public const string GeoDatabase = Prefix + "GEO_DATABASE";

    /// <summary>What clients connect to; <c>{host}</c> is the fleet's signalHost. <c>wss://{host}</c> when unset.</summary>
    public const string EndpointTemplate = Prefix + "ENDPOINT_TEMPLATE";

    /// <summary>What clients connect to for a fleet without a signalHost.</summary>
    public const string DefaultEndpoint = Prefix + "DEFAULT_ENDPOINT";

    /// <summary>Web origins whose pages may call this API; <c>*</c> for all. None when unset.</summary>
    public const string CorsOrigins = Prefix + "CORS_ORIGINS";

    /// <summary>How long a creation waits for the room to be placed. 10 when unset.</summary>
    public const string ReadyDeadline = Prefix + "READY_DEADLINE";

    /// <summary>How long a room lives when the caller does not say. A day when unset, as the plan has it.</summary>
    public const string RoomLifetime = Prefix + "ROOM_LIFETIME";

    /// <summary>The longest a room may live. A week when unset.</summary>
    public const string MaxRoomLifetime = Prefix + "MAX_ROOM_LIFETIME";

    /// <summary>How long a room can still be asked about after it has ended. An hour when unset.</summary>
    public const string EndedRoomTtl = Prefix + "ENDED_ROOM_TTL";

    /// <summary>The most participants a caller may ask for. 1000 when unset.</summary>
    public const string MaxParticipants = Prefix + "MAX_PARTICIPANTS";

    /// <summary>Requests per minute for one key. 120 when unset.</summary>
    public const string KeyLimit = Prefix + "KEY_LIMIT";

    /// <summary>Requests per minute for one address. 600 when unset.</summary>
    public const string AddressLimit = Prefix + "ADDRESS_LIMIT";

    /// <summary>Rooms that one key may create in an hour. 100 when unset.</summary>
    public const string CreateLimit = Prefix + "CREATE_LIMIT";

    /// <summary>Rooms that may be created from one address in an hour, with whatever keys. 500 when unset.</summary>
    public const string AddressCreateLimit = Prefix + "ADDRESS_CREATE_LIMIT";

    /// <summary>How much members of all rooms may leave in Redis, group messages and mail together, in MiB. 64 when unset.</summary>
    public const string LeftBehindMemory = Prefix + "LEFT_BEHIND_MEMORY";

    /// <summary>How much is logged: a level, and others for categories. Information when unset.</summary>
    public const string LogLevel = Prefix + LogSettings.LevelVariable;

    /// <summary>A file that says so while it is there and not empty; it may change at any time.</summary>
    public const string LogLevelFile = Prefix + LogSettings.LevelFileVariable;

    /// <summary>json or text. json when unset.</summary>
    public const string LogFormat = Prefix + LogSettings.FormatVariable;

    /// <summary>A kubeconfig file, outside a cluster. Inside one the service account is used.</summary>
    public const string Kubeconfig = Prefix + "KUBECONFIG";
}
