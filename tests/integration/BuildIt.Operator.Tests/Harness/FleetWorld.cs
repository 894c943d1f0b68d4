using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Hosting;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Runtime.Queue;
using BuildIt.Operator.Turn;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>One namespace with an operator that watches it, a kubelet, and the nodes that it runs.</summary>
internal sealed class FleetWorld : IAsyncDisposable
{
    public const string Fleet = "fleet";
    private const string NodeImage = "registry.example.com/sfu-node:test";

    private readonly KubernetesCluster _cluster;
    private readonly IConnectionMultiplexer _redis;
    private IHost? _host;
    private string _token = string.Empty;

    private FleetWorld(KubernetesCluster cluster, RedisServer redis, string ns, IConnectionMultiplexer connection)
    {
        _cluster = cluster;
        Redis = redis;
        Namespace = ns;
        _redis = connection;
        Api = OperatorFixture.Client(cluster);
        Kubelet = new Kubelet(cluster, connection, ns);
    }

    public string Namespace { get; }

    public RedisServer Redis { get; }

    public ApiClient Api { get; }

    public Kubelet Kubelet { get; }

    public LogBook Logs { get; } = new();

    public IKubernetes Client => _cluster.Client;

    /// <summary>Set when the operator has ended itself because it lost its lease.</summary>
    public bool LostLease { get; private set; }

    public IServiceProvider Operator => _host?.Services ?? throw new InvalidOperationException("no operator runs");

    /// <summary>A namespace with Secrets in place and no operator yet.</summary>
    public static async Task<FleetWorld> CreateAsync(KubernetesCluster cluster, RedisServer redis, string prefix = "fleet")
    {
        var ns = await cluster.CreateNamespaceAsync(prefix);
        var options = ConfigurationOptions.Parse(redis.Address);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(100);
        options.BacklogPolicy = BacklogPolicy.FailFast;
        var world = new FleetWorld(cluster, redis, ns, await ConnectionMultiplexer.ConnectAsync(options));
        world._token = await Rights.GrantAsync(cluster.Client, ns);
        await world.CreateSecretAsync("keys", ("devkey", "secret-of-the-tests"));
        await world.Kubelet.StartAsync();
        return world;
    }

    /// <summary>The same with an operator.</summary>
    public static async Task<FleetWorld> StartAsync(OperatorFixture fixture)
    {
        var world = await CreateAsync(fixture.Cluster, fixture.Redis);
        await world.StartOperatorAsync();
        return world;
    }

    /// <summary>Starts an operator process, or the next one after it ended.</summary>
    /// <param name="observer">Sees its writes.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="time">Its clock, when that is another than ours.</param>
    /// <param name="names">How it looks up host names.</param>
    /// <param name="turn">How often it looks at TURN servers.</param>
    public async Task StartOperatorAsync(IApiWriteObserver? observer = null, OperatorSettings? settings = null, TimeProvider? time = null, HostNameOptions? names = null, TurnWatchOptions? turn = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddProvider(Logs).AddFilter("Microsoft", LogLevel.Warning);
        if (observer is not null)
        {
            builder.Services.AddSingleton(observer);
        }

        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(names ?? HostNameOptions.Default);
        builder.Services.AddSingleton(turn ?? TurnWatchOptions.Default);
        builder.Services.AddSfuOperator(
            settings ?? new OperatorSettings { Namespace = Namespace, NodeImage = NodeImage, WatchNamespace = Namespace, HttpPort = 0 },
            options => options with
            {
                ClientConfiguration = () => Rights.ConfigurationOf(_cluster, _token),
                Informer = options.Informer with { Backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1)), AbsentInterval = TimeSpan.FromMinutes(10) },

                // Lost soon, taken late: what lies between is how long a write may take, and an API server on a busy machine takes its time.
                LeaderElection = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(12), RenewDeadline = TimeSpan.FromSeconds(6), RetryPeriod = TimeSpan.FromMilliseconds(300) },
            });
        builder.Services.AddSingleton<ILeadershipLoss>(new Loss(this));
        _host = builder.Build();
        LostLease = false;
        await _host.StartAsync();
    }

    /// <summary>Ends the operator in order.</summary>
    public async Task StopOperatorAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.StopAsync();
            host.Dispose();
        }
    }

    /// <summary>Ends the operator as kill -9 would: nothing is released, nothing more is written.</summary>
    public void KillOperator()
    {
        if (_host is { } host)
        {
            _host = null;
            host.Dispose();
        }
    }

    /// <summary>Lets the time pass after which the lease of an operator that was killed runs out.</summary>
    public async Task ExpireLeaseAsync()
    {
        foreach (var lease in (await Client.CoordinationV1.ListNamespacedLeaseAsync(Namespace)).Items)
        {
            await Client.CoordinationV1.DeleteNamespacedLeaseAsync(lease.Metadata.Name, Namespace);
        }
    }

    /// <summary>Creates the fleet.</summary>
    /// <param name="change">Changes its spec, as JSON.</param>
    /// <param name="name">Its name.</param>
    public Task CreateFleetAsync(Action<JsonObject>? change = null, string name = Fleet)
    {
        var spec = new JsonObject
        {
            ["region"] = "test-1",
            ["replicas"] = new JsonObject { ["min"] = 2, ["max"] = 4 },
            ["redis"] = new JsonObject { ["addresses"] = new JsonArray(Redis.Address) },
            ["apiKeysSecretRef"] = new JsonObject { ["name"] = "keys" },
            ["drain"] = new JsonObject { ["deadline"] = "20s" },
            ["autoscaling"] = new JsonObject
            {
                ["scaleUp"] = new JsonObject { ["stabilization"] = "0s", ["maxStep"] = "100%" },
                ["scaleDown"] = new JsonObject { ["stabilization"] = "0s", ["maxStep"] = "100%" },
            },
        };
        change?.Invoke(spec);
        return CreateAsync(SfuCluster.KindName, SfuCluster.Plural, name, spec.ToJsonString());
    }

    /// <summary>Creates an object of one of the product's kinds.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="plural">How the kind is called in the API's paths.</param>
    /// <param name="name">Its name.</param>
    /// <param name="spec">Its spec, as JSON.</param>
    public Task CreateAsync(string kind, string plural, string name, string spec) => Client.CustomObjects.CreateNamespacedCustomObjectAsync(
        JsonSerializer.Deserialize<object>($$$"""{"apiVersion":"{{{SfuApi.GroupVersion}}}","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""")!,
        SfuApi.Group, SfuApi.Version, Namespace, plural);

    /// <summary>Creates a room.</summary>
    public Task CreateRoomAsync(string name, string spec) => CreateAsync(ConferenceRoom.KindName, ConferenceRoom.Plural, name, spec);

    /// <summary>Joins two fleets by a link; its name is that of both.</summary>
    /// <param name="a">A fleet.</param>
    /// <param name="b">Another.</param>
    /// <param name="health">How it is probed, as JSON; as a link is that does not say when left out.</param>
    public Task CreateLinkAsync(string a, string b, string health = "{}", double cost = 0) => CreateAsync(
        RegionLink.KindName, RegionLink.Plural, $"{a}-{b}", $$$$"""{"a":{"clusterRef":{"name":"{{{{a}}}}"}},"b":{"clusterRef":{"name":"{{{{b}}}}"}},"health":{{{{health}}}},"cost":{{{{cost.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}}}""");

    /// <summary>Merges JSON into a room.</summary>
    public Task PatchRoomAsync(string name, JsonObject patch) => Client.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch(patch.ToJsonString(), V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, Namespace, ConferenceRoom.Plural, name);

    /// <summary>Merges JSON into the fleet.</summary>
    public Task PatchFleetAsync(string json, string name = Fleet) => Client.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch(json, V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, Namespace, SfuCluster.Plural, name);

    public Task DeleteFleetAsync(string name = Fleet) =>
        Client.CustomObjects.DeleteNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, Namespace, SfuCluster.Plural, name);

    public Task<SfuCluster?> ReadFleetAsync(string name = Fleet) => Api.GetAsync<SfuCluster>(Namespace, name, CancellationToken.None);

    /// <summary>Writes a kubeconfig with the operator's own rights, for an operator that runs as a process of its own.</summary>
    public string WriteKubeconfig(string folder)
    {
        var path = Path.Combine(folder, "operator.kubeconfig");
        File.WriteAllText(path, Rights.KubeconfigOf(_cluster, _token));
        return path;
    }

    public async Task<SfuClusterStatus> StatusAsync(string name = Fleet) => (await ReadFleetAsync(name))?.Status ?? new SfuClusterStatus();

    public async Task<V1Condition?> ConditionAsync(string type) => (await StatusAsync()).Conditions.FirstOrDefault(c => c.Type == type);

    public async Task<IReadOnlyList<V1Pod>> PodsAsync() =>
        [.. (await Client.CoreV1.ListNamespacedPodAsync(Namespace)).Items.OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal)];

    public async Task<IReadOnlyList<string>> PodNamesAsync() => [.. (await PodsAsync()).Select(pod => pod.Metadata.Name)];

    public async Task<IReadOnlyList<Corev1Event>> EventsAsync(string reason) =>
        [.. (await Client.CoreV1.ListNamespacedEventAsync(Namespace)).Items.Where(e => e.Reason == reason)];

    /// <summary>Waits for an Event: it is written beside the work, and so after what it tells of.</summary>
    /// <param name="reason">Its reason.</param>
    /// <param name="message">What its message contains.</param>
    public Task ToldAsync(string reason, string message = "") => Eventually.TrueAsync(
        async () => (await EventsAsync(reason)).Any(e => e.Message.Contains(message, StringComparison.Ordinal)), $"an Event {reason} tells of {message}", DescribeAsync);

    /// <summary>The Events about one object, in the order in which they were first written.</summary>
    public async Task<IReadOnlyList<Corev1Event>> EventsOfAsync(string name) =>
    [
        .. (await Client.CoreV1.ListNamespacedEventAsync(Namespace)).Items
            .Where(e => e.InvolvedObject.Name == name)
            .OrderBy(e => ulong.Parse(e.Metadata.ResourceVersion, System.Globalization.CultureInfo.InvariantCulture)),
    ];

    /// <summary>Waits until the status says so many ready pods, nobody draining, and that many exist.</summary>
    public Task ReadyAsync(int pods) => Eventually.TrueAsync(() => IsReadyAsync(pods), $"{pods} pods are ready", DescribeAsync);

    /// <summary>
    /// Whether there are so many pods, all ready, and the status tells of these and of the spec as it is: one of before says the same of others.
    /// </summary>
    public async Task<bool> IsReadyAsync(int pods)
    {
        var fleet = await ReadFleetAsync();
        return fleet?.Status is { DrainingReplicas: 0 } status
            && status.ObservedGeneration == fleet.Metadata.Generation
            && status.ReadyReplicas == pods
            && status.Instances.Count == pods
            && status.Instances.Select(instance => instance.Name).ToHashSet(StringComparer.Ordinal).SetEquals(await PodNamesAsync());
    }

    public Task UntilAsync(string what, Func<SfuClusterStatus, bool> condition) =>
        Eventually.TrueAsync(async () => condition(await StatusAsync()), what, DescribeAsync);

    /// <summary>What is there, for the message of a test that fails.</summary>
    public async Task<string> DescribeAsync()
    {
        var status = JsonSerializer.Serialize((await ReadFleetAsync())?.Status, new JsonSerializerOptions(ApiJson.Options) { WriteIndented = true });
        var pods = (await PodsAsync()).Select(pod => $"{pod.Metadata.Name} {pod.Status?.Phase} {string.Join(' ', pod.Metadata.Annotations?.Where(a => a.Key.Contains("drain", StringComparison.Ordinal)).Select(a => $"{a.Key}={a.Value}") ?? [])}");
        var events = (await Client.CoreV1.ListNamespacedEventAsync(Namespace)).Items.OrderBy(e => e.LastTimestamp).Select(e => $"{e.LastTimestamp:T} {e.Reason}: {e.Message}");
        return $"{status}\n{string.Join('\n', pods)}\n{string.Join('\n', events)}\n{string.Join('\n', Logs.Lines)}";
    }

    public Task CreateSecretAsync(string name, params (string Key, string Value)[] entries) => Client.CoreV1.CreateNamespacedSecretAsync(
        new V1Secret { Metadata = new V1ObjectMeta { Name = name }, StringData = entries.ToDictionary(e => e.Key, e => e.Value) }, Namespace);

    /// <summary>Gives every node that runs the same load.</summary>
    public void LoadEverybody(int participants)
    {
        foreach (var node in Kubelet.Running.Values)
        {
            node.Load = Participants(participants);
        }
    }

    public static Sfu.Contracts.NodeLoad Participants(int participants) =>
        new() { Rooms = participants > 0 ? 1 : 0, Participants = participants, Publishers = participants, Subscribers = participants };

    public async ValueTask DisposeAsync()
    {
        await StopOperatorAsync();
        await Kubelet.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private sealed class Loss(FleetWorld world) : ILeadershipLoss
    {
        public void OnLost() => world.LostLease = true;
    }
}
