using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Testing;
using BuildIt.Testing.Nostr;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Telemetry;

/// <summary>
/// The chart's dashboards over two linked fleets with a call across them: operator, room API, nodes, coturn, Redis, Kubernetes API and
/// Prometheus, each a process of its own.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class DashboardTests(OperatorFixture fixture)
{
    /// <summary>Names a file that the picture of the fleets is written to (make picture).</summary>
    public const string PictureVariable = "BUILDIT_PICTURE";

    private const string Far = "far";

    [Fact]
    public async Task Every_query_of_every_dashboard_has_an_answer()
    {
        await using var turn = await TurnServer.StartNewAsync();
        await using var control = new ControlPlane();
        await using var world = await RealWorld.CreateAsync(
            fixture,
            real: 2,
            change: spec => Describe(spec, turn),
            start: async (fleet, redis) =>
            {
                await fleet.CreateSecretAsync("turn", ("secret", turn.Secret));
                await control.StartAsync(fleet, fixture.Cluster, redis);
            });
        await LinkAsync(world, turn);
        var began = TimeProvider.System.GetUtcNow();
        await using var prometheus = await PrometheusServer.StartAsync(TargetsOf(world, control));

        // Somebody is in both regions, an application asks, and is refused once.
        using var api = new RoomApiClient(control.Applications, ControlPlane.PublicUrl);
        await world.Rooms.CreateAsync("across", """{"expectedParticipants":2,"placement":{"cascade":"Always","regions":["test-1","test-2"]}}""");
        var status = await world.Rooms.UntilAsync("across", "has a seat in both regions", s => s.Phase is RoomPhase.Ready && s.Assignments.Count == 2);
        var seats = status.Assignments.Select(seat => world.Nodes.Single(node => node.Name == seat.Instance)).ToList();
        await using var call = await Call.StartAsync(world.Network, "across", seats[0], seats[1]);
        var access = await api.CreateAsync(new NostrSigner(), "made by an application");
        await api.JoinAsync(new NostrSigner(), access.RoomId);
        await Assert.ThrowsAsync<InvalidOperationException>(() => api.JoinAsync(new NostrSigner(), "no-such-room"));
        if (Environment.GetEnvironmentVariable(PictureVariable) is { Length: > 0 } file)
        {
            await using var people = await LiveAsync(world);
            await DashboardPicture.WriteAsync(new Dashboard("fleets", "across"), prometheus, began, TimeProvider.System.GetUtcNow(), Path.GetFullPath(file, RepositoryRoot.Find()));
        }

        Assert.Equal(["fleets", "links", "node", "operator", "room", "room-api"], Dashboard.Names);
        var waiting = Dashboard.Names.SelectMany(name => new Dashboard(name, "across").Queries).ToList();
        Assert.NotEmpty(waiting);
        await Eventually.TrueAsync(() => prometheus.AnswersAllAsync(waiting), "every query has an answer", async () => $"{string.Join('\n', waiting)}\n{await world.DescribeAsync()}");
    }

    private static void Describe(JsonObject spec, TurnServer turn) =>
        spec["turn"] = new JsonObject { ["domain"] = turn.Domain, ["port"] = turn.Port, ["tlsPort"] = turn.TlsPort, ["secretRef"] = new JsonObject { ["name"] = "turn" } };

    /// <summary>Another fleet in another region, and a link to it.</summary>
    private static async Task LinkAsync(RealWorld world, TurnServer turn)
    {
        await world.Fleet.CreateFleetAsync(
            spec =>
            {
                spec["region"] = "test-2";
                spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 2 };
                spec["redis"] = new JsonObject { ["addresses"] = new JsonArray(world.Redis.Address) };
                Describe(spec, turn);
            },
            Far);
        await Eventually.TrueAsync(async () => (await world.Fleet.StatusAsync(Far)).ReadyReplicas == 1, "the other fleet is ready", world.DescribeAsync);
        await world.Fleet.CreateLinkAsync(FleetWorld.Fleet, Far, """{"interval":"1s","timeout":"1s","maxRtt":"1s"}""");
        RegionLinkStatus? seen = null;
        await Eventually.TrueAsync(
            async () => (seen = (await world.Fleet.Api.GetAsync<RegionLink>(world.Fleet.Namespace, $"{FleetWorld.Fleet}-{Far}", CancellationToken.None))?.Status)?.Conditions
                .Any(c => c is { Type: RegionLinkConditions.Healthy, Status: "True" }) == true,
            "the link is healthy",
            async () => $"{JsonSerializer.Serialize(seen, ApiJson.Options)}\n{await world.DescribeAsync()}");
    }

    private static IReadOnlyList<ScrapeTarget> TargetsOf(RealWorld world, ControlPlane control)
    {
        return
        [
            Target(control.Operator, "operator"), Target(control.RoomApi, "room-api"),
            .. world.Nodes.Select(node => Target(new Uri($"http://{node.Ip}:{node.HealthPort}"), node.Name)),
        ];

        ScrapeTarget Target(Uri address, string pod) => new(address.Authority, new Dictionary<string, string> { ["namespace"] = world.Fleet.Namespace, ["pod"] = pod });
    }

    /// <summary>What a picture shows: rooms come, people join, a pod dies and is replaced, its people come back, and some leave.</summary>
    private static async Task<Crowd> LiveAsync(RealWorld world)
    {
        var people = new List<ReturningParticipant>();
        NodeProcess? victim = null;
        for (var i = 0; i < 5; i++)
        {
            var room = $"call-{i}";
            var owner = world.OwnerOf(await world.OpenAsync(room, """{"expectedParticipants":4,"placement":{"regions":["test-1"]}}"""));
            victim ??= owner;

            // They come back by the way they came, which is not to die.
            var entrance = world.Nodes.First(node => node != victim && node.Name.StartsWith($"{FleetWorld.Fleet}-", StringComparison.Ordinal));
            for (var j = 0; j < 2 + (i % 3); j++)
            {
                people.Add(await ReturningParticipant.StartAsync(
                    new HeadlessOptions
                    {
                        Url = entrance.Signal,
                        Token = RoomToken.Create(NodeProcess.ApiKey, NodeProcess.ApiSecret, room, $"person-{j}"),
                        Network = world.Network,
                        Key = FrameKey.FromSecret("the key of those in the picture"u8),
                    },
                    video: null,
                    audio: true));
            }

            await Task.Delay(TimeSpan.FromSeconds(8));
        }

        await victim!.KillAsync();
        await world.Rooms.UntilAsync("call-0", "fails over", status => status.Failovers == 1 && status.Phase is RoomPhase.Ready);
        await Eventually.TrueAsync(() => people.Any(person => person.TimesReturned > 0), "people come back", world.DescribeAsync);
        await Task.Delay(TimeSpan.FromSeconds(30));
        foreach (var person in people.Take(6))
        {
            await person.DisposeAsync();
            await Task.Delay(TimeSpan.FromSeconds(3));
        }

        foreach (var person in people.Skip(6))
        {
            Assert.Null(person.Fault);
        }

        await Task.Delay(TimeSpan.FromSeconds(5));
        return new Crowd([.. people.Skip(6)]);
    }

    /// <summary>Those who are still there.</summary>
    private sealed class Crowd(IReadOnlyList<ReturningParticipant> people) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var person in people)
            {
                await person.DisposeAsync();
            }
        }
    }
}
