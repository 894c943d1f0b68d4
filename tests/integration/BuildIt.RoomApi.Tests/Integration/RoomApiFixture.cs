using System.Net;
using System.Security.Cryptography;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Tests.Integration;

[CollectionDefinition(Name)]
public sealed class RoomApiCollection : ICollectionFixture<RoomApiFixture>
{
    public const string Name = "Room API";
}

/// <summary>
/// Two replicas over a real API server and a real Redis, two fleets, and an operator that only writes status. Tests keep apart
/// by keys of their own; limits are high, except on <see cref="StartReplicaAsync"/> with others.
/// </summary>
public sealed class RoomApiFixture : IAsyncLifetime
{
    public const string Secret = "the secret of the api key in tests, long enough";

    public static readonly ApiKey Key = new("testkey", Secret);

    private readonly KubernetesCluster _cluster = new();
    private readonly byte[] _pepper = RandomNumberGenerator.GetBytes(32);
    private ConnectionMultiplexer _redisConnection = null!;

    public StandInOperator Operator { get; private set; } = null!;

    public RedisServer Redis { get; } = new();

    public string Namespace { get; private set; } = string.Empty;

    public RegistryKeys Keys => new(Namespace);

    public Replica A { get; private set; } = null!;

    public Replica B { get; private set; } = null!;

    public StandInNode Node { get; } = new(Secret);

    public Pseudonyms Names => new(_pepper);

    public IDatabase Database => _redisConnection.GetDatabase();

    public ISubscriber Subscriber => _redisConnection.GetSubscriber();

    public IKubernetes Kubernetes => _cluster.Client;

    public async Task InitializeAsync()
    {
        await Task.WhenAll(_cluster.InitializeAsync(), Redis.InitializeAsync(), Node.StartAsync());
        Namespace = await _cluster.CreateNamespaceAsync("roomapi");
        await InstallAsync();
        _redisConnection = await ConnectionMultiplexer.ConnectAsync($"{Redis.Address},abortConnect=false");
        Operator = new StandInOperator(_cluster.Client, Namespace) { NodeEndpoint = Node.Endpoint };
        Operator.Start();
        A = await StartReplicaAsync();
        B = await StartReplicaAsync();
    }

    public async Task DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Operator.DisposeAsync();
        await Node.DisposeAsync();
        await _redisConnection.DisposeAsync();
        await Redis.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public Task<Replica> StartReplicaAsync(Func<RoomApiSettings, RoomApiSettings>? change = null) => Replica.StartAsync((port, operations) =>
    {
        var settings = new RoomApiSettings
        {
            Namespace = Namespace,
            PublicUrl = Replica.PublicUrl,
            BindAddress = IPAddress.Loopback,
            Port = port,
            OperationsPort = operations,
            Pepper = _pepper,
            ApiKeys = [Key],
            SigningKey = Key,
            RedisAddresses = [Redis.Address],
            TrustedProxies = new TrustedProxies([IPNetwork.Parse("127.0.0.1/32")]),
            CountryHeader = "X-Country",
            CorsOrigins = ["https://app.example.com"],
            ReadyDeadline = TimeSpan.FromSeconds(3),
            KeyLimit = 10_000,
            AddressLimit = 100_000,
            AddressCreateLimit = 100_000,
            CreateLimit = 10_000,
            Kubeconfig = _cluster.KubeconfigPath,
        };
        return change is null ? settings : change(settings);
    });

    public async Task<ConferenceRoom?> FindAsync(string room) =>
        (await RoomsAsync()).FirstOrDefault(candidate => candidate.Metadata.Name == room);

    public async Task<IReadOnlyList<ConferenceRoom>> RoomsAsync() =>
        [.. (await Kubernetes.CustomObjects.ListNamespacedCustomObjectAsync<KubernetesList<ConferenceRoom>>(
            SfuApi.Group, SfuApi.Version, Namespace, ConferenceRoom.Plural)).Items];

    public async Task<IReadOnlyList<ConferenceRoom>> RoomsOfAsync(NostrSigner signer) =>
        [.. (await RoomsAsync()).AsEnumerable().Where(room => room.Spec.CreatedBy == Names.Creator(signer.PublicKey))];

    /// <summary>Creates a room and gives its id.</summary>
    public async Task<string> CreateRoomAsync(NostrSigner host, object? body = null) =>
        (await A.PostAsync(host, "/v1/rooms", body)).Expect(HttpStatusCode.Created).Text("roomId");

    /// <summary>Ends a room as the operator does when everybody has left.</summary>
    public Task EndAsync(string room) => Kubernetes.CustomObjects.PatchNamespacedCustomObjectStatusAsync<ConferenceRoom>(
        new V1Patch("""{"status":{"phase":"Ended","assignments":[]}}""", V1Patch.PatchType.MergePatch),
        SfuApi.Group, SfuApi.Version, Namespace, ConferenceRoom.Plural, room);

    private async Task InstallAsync()
    {
        await StandInFleets.InstallDefinitionsAsync(Kubernetes);
        await FleetAsync("us", "us-east-1", "US", Continent.NA, "sfu.us.example.com");
        await FleetAsync("eu", "eu-west-1", "DE", Continent.EU, "sfu.eu.example.com");
    }

    private Task FleetAsync(string name, string region, string country, Continent continent, string host) => StandInFleets.AddAsync(Kubernetes, Namespace, new SfuCluster
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Namespace },
        Spec = new SfuClusterSpec
        {
            Region = region,
            Geo = new GeoSpec { Country = country, Continent = continent },
            Network = new NetworkSpec { SignalHost = host },
            Redis = new RedisSpec { Addresses = [Redis.Address] },
            ApiKeysSecretRef = new SecretReference { Name = "keys" },
        },
    });

    public static async Task EventuallyAsync(Func<Task<bool>> condition, TimeSpan? patience = null)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < (patience ?? TimeSpan.FromSeconds(20)), "the condition did not come true");
            await Task.Delay(20);
        }
    }
}
