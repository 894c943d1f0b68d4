using System.Globalization;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Operator.Api;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Regions;

/// <summary>
/// Two regions of one Kubernetes: a machine each, and on it a fleet of one pod and its Redis. All that goes from one machine to the other
/// takes an impaired path. A RegionLink joins the fleets, and one room has a seat in both.
/// </summary>
internal sealed class ImpairedRegions : IAsyncDisposable
{
    private const string Room = "room";
    private const string ApiKey = "key1";
    private const string ApiSecret = "a secret that only this test knows";
    private const int SignalPort = 7880;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly string[] Names = ["us", "eu"];

    private readonly InstalledFleet _installed;
    private IAsyncDisposable? _node;

    private ImpairedRegions(InstalledFleet installed) => _installed = installed;

    /// <summary>What lies between the regions; unimpaired at first.</summary>
    public ImpairedPath Path { get; private set; } = null!;

    /// <summary>Where somebody of each region connects: the pod that serves the room there.</summary>
    public IReadOnlyList<string> Urls { get; private set; } = [];

    public KubernetesMachine Machine => _installed.Machine;

    /// <param name="installations">Has Kubernetes.</param>
    /// <param name="seed">Of what happens on the path.</param>
    public static async Task<ImpairedRegions> StartAsync(Installations installations, int seed)
    {
        var regions = new ImpairedRegions(await installations.FleetAsync());
        try
        {
            regions._node = await installations.NodeAsync(1);
            regions.Path = await regions.Machine.ImpairAsync(0, 1, seed);
            await regions.StartFleetsAsync();
            return regions;
        }
        catch
        {
            await regions.DisposeAsync();
            throw;
        }
    }

    /// <summary>What lets somebody into the room.</summary>
    public static string Token(string identity) => RoomToken.Create(ApiKey, ApiSecret, Room, identity);

    /// <summary>What the pods have logged, to explain a failure.</summary>
    public async Task<string> DescribeAsync() => string.Join(
        '\n',
        await _installed.KubectlAsync("get", "sfu,conferencerooms,regionlinks,pods", "-o", "wide"),
        await _installed.KubectlAsync("describe", "conferenceroom", Room),
        await _installed.KubectlAsync("logs", "-l", SfuApi.ClusterLabel, "--tail", "30", "--prefix"));

    public async ValueTask DisposeAsync()
    {
        if (Path is not null)
        {
            await Path.DisposeAsync();
        }

        await _installed.KubectlAsync("delete", "conferencerooms,regionlinks,sfuclusters", "--all", "--timeout", "120s");
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }

    private async Task StartFleetsAsync()
    {
        await _installed.KubectlAsync("create", "secret", "generic", "sfu-api-keys", $"--from-literal={ApiKey}={ApiSecret}");
        for (var i = 0; i < Names.Length; i++)
        {
            await _installed.ApplyAsync(Registry(i));
            await _installed.ApplyAsync(Fleet(i));
        }

        await _installed.ApplyAsync(Link);
        await _installed.KubectlAsync("wait", "sfu/us", "sfu/eu", "--for=condition=Available", "--timeout", "110s");
        await _installed.KubectlAsync("wait", "regionlink/us-eu", "--for=condition=Healthy", "--timeout", "110s");
        await _installed.ApplyAsync(Conference);
        var seats = await SeatsAsync();
        Urls = [.. await Task.WhenAll(Names.Select(async name =>
        {
            var pod = await _installed.Client.CoreV1.ReadNamespacedPodAsync(seats.Single(seat => seat.Region == name).Instance, InstalledFleet.Space);
            return string.Create(CultureInfo.InvariantCulture, $"ws://{pod.Status.PodIP}:{SignalPort}");
        }))];
    }

    /// <summary>Waits until the room has a seat in both regions.</summary>
    private async Task<IReadOnlyList<RoomAssignment>> SeatsAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var room = await _installed.Client.CustomObjects.GetNamespacedCustomObjectAsync<ConferenceRoom>(
                SfuApi.Group, SfuApi.Version, InstalledFleet.Space, ConferenceRoom.Plural, Room, limit.Token);
            if (room.Status is { Phase: RoomPhase.Ready } status && status.Assignments.Select(seat => seat.Region).Order(StringComparer.Ordinal).SequenceEqual(["eu", "us"]))
            {
                return status.Assignments;
            }

            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"The room has no seat in both regions.\n{await DescribeAsync()}");
            }
        }
    }

    private static int FirstPort(int index) => 30900 + (20 * index);

    private static string Registry(int index) =>
        $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: redis-{{Names[index]}}, namespace: "{{InstalledFleet.Space}}"}
        spec:
          selector: {matchLabels: {app: "redis-{{Names[index]}}"} }
          template:
            metadata: {labels: {app: "redis-{{Names[index]}}"} }
            spec:
              nodeSelector: {kubernetes.io/hostname: "node-{{index}}" }
              containers:
                - name: redis
                  image: buildit/redis:local
                  args: ["--save", "", "--appendonly", "no", "--protected-mode", "no", "--dir", "/tmp"]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: redis-{{Names[index]}}, namespace: "{{InstalledFleet.Space}}"}
        spec:
          selector: {app: "redis-{{Names[index]}}"}
          ports: [{port: 6379}]
        """;

    private static string Fleet(int index) =>
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: SfuCluster
        metadata: {name: {{Names[index]}}, namespace: "{{InstalledFleet.Space}}"}
        spec:
          region: {{Names[index]}}
          replicas: {min: 1, max: 1}
          network:
            mode: HostPort
            hostPortRange: {first: {{FirstPort(index)}}, last: {{FirstPort(index) + 19}} }
            advertise: HostIP
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {cpu: "2", memory: 512Mi}
          redis: {addresses: ["redis-{{Names[index]}}.{{InstalledFleet.Space}}.svc:6379"]}
          apiKeysSecretRef: {name: sfu-api-keys}
          podTemplate:
            nodeSelector: {kubernetes.io/hostname: "node-{{index}}" }
            env: [{name: BUILDIT_REQUIRE_E2EE, value: "true"}]
        """;

    private static string Link =>
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: RegionLink
        metadata: {name: us-eu, namespace: "{{InstalledFleet.Space}}"}
        spec:
          a: {clusterRef: {name: us} }
          b: {clusterRef: {name: eu} }
          health: {interval: 1s, timeout: 1s}
        """;

    private static string Conference =>
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: ConferenceRoom
        metadata: {name: "{{Room}}", namespace: "{{InstalledFleet.Space}}"}
        spec:
          placement: {regions: [us, eu], cascade: Always}
        """;
}
