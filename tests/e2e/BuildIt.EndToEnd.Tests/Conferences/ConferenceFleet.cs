using System.Security.Cryptography;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Operator.Api;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Nostr;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>A fleet of 2 with a room API before it, as an application finds them: one URL to ask, one address to connect to.</summary>
internal sealed class ConferenceFleet : IAsyncDisposable
{
    public ConferenceFleet(InstalledFleet fleet, PageServer pages)
    {
        Fleet = fleet;
        Pages = pages;
        Api = new RoomApiClient(new Uri(pages.Url), pages.Url);
    }

    public InstalledFleet Fleet { get; }

    /// <summary>The region's one address: the fleet's Service.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Serves pages, and the room API at the same address, as an application's front does.</summary>
    public PageServer Pages { get; }

    public RoomApiClient Api { get; }

    /// <summary>What serves the pages of the examples.</summary>
    public static async Task<PageServer> StartPagesAsync()
    {
        var examples = Directory.CreateTempSubdirectory("buildit-examples-").FullName;
        await ExamplePages.BuildAsync(examples);
        return await PageServer.StartAsync(pages: examples);
    }

    /// <summary>Makes the fleet, and puts the room API before it.</summary>
    public async Task StartAsync()
    {
        await Fleet.KubectlAsync("create", "secret", "generic", "room-api-pepper", $"--from-literal=pepper={Convert.ToHexString(RandomNumberGenerator.GetBytes(32))}");
        var turn = await TurnInstallation.InstallAsync(Fleet);
        await Fleet.CreateAsync(Manifest(turn));
        var signal = $"{InstalledFleet.Name}-signal";
        await Fleet.UntilAsync("the fleet has its address", async _ =>
            (await Fleet.Client.CoreV1.ListNamespacedServiceAsync(InstalledFleet.Space, fieldSelector: $"metadata.name={signal}")).Items.Count == 1);
        Endpoint = $"ws://{await AddressAsync(signal)}:7880";
        await Fleet.InstallAsync(
        [
            .. turn.Values,
            "roomApi.enabled=true",
            "roomApi.image.tag=local",
            $"roomApi.namespace={InstalledFleet.Space}",
            $"roomApi.publicUrl={Pages.Url}",
            "roomApi.pepperSecret=room-api-pepper",
            $"roomApi.defaultEndpoint={Endpoint}",
        ]);
        Pages.Api = new Uri($"http://{await AddressAsync("buildit-sfu-room-api")}:8080");
        await Fleet.SettledAsync(2);
    }

    /// <summary>Two pods and no reason for more, so that one that a kill leaves over goes soon; they refuse media that is not encrypted.</summary>
    private static string Manifest(TurnInstallation turn) =>
        $$"""
        apiVersion: sfu.buildit.network/v1alpha1
        kind: SfuCluster
        metadata: {name: {{InstalledFleet.Name}}, namespace: {{InstalledFleet.Space}}}
        spec:
          region: local-1
          replicas: {min: 2, max: 3}
          autoscaling:
            scaleDown: {stabilization: 15s}
          network:
            mode: HostPort
            hostPortRange: {first: 30900, last: 30919}
            advertise: HostIP
          resources:
            requests: {cpu: 400m, memory: 128Mi}
            limits: {cpu: "2", memory: 512Mi}
          turn: {{turn.Spec}}
          redis: {addresses: ["buildit-sfu-redis.{{InstalledFleet.System}}.svc:6379"]}
          apiKeysSecretRef: {name: sfu-api-keys}
          podTemplate:
            env: [{name: BUILDIT_REQUIRE_E2EE, value: "true"}]
        """;

    public Task<ConferenceRoom> ReadRoomAsync(string room) =>
        Fleet.Client.CustomObjects.GetNamespacedCustomObjectAsync<ConferenceRoom>(SfuApi.Group, SfuApi.Version, InstalledFleet.Space, ConferenceRoom.Plural, room);

    /// <summary>The pod that serves a room.</summary>
    public async Task<V1Pod> PodOfAsync(string room)
    {
        var owner = (await ReadRoomAsync(room)).Status!.Assignments.Single(each => each.Role is AssignmentRole.Origin).Instance;
        return await Fleet.Client.CoreV1.ReadNamespacedPodAsync(owner, InstalledFleet.Space);
    }

    /// <summary>Ends what runs beside Kubernetes.</summary>
    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Pages.DisposeAsync();
    }

    private async Task<string> AddressAsync(string service) =>
        (await Fleet.Client.CoreV1.ReadNamespacedServiceAsync(service, InstalledFleet.Space)).Spec.ClusterIP;
}
