using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Contracts.Telemetry;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Integration;

[Collection(RoomApiCollection.Name)]
public sealed class OperationsTests(RoomApiFixture api)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task Health_and_metrics_are_on_their_own_port()
    {
        await api.CreateRoomAsync(new NostrSigner());
        Assert.Equal("ok\n", await api.A.OperationsAsync("/healthz"));
        Assert.Equal("ok\n", await api.A.OperationsAsync("/readyz"));
        var metrics = await api.A.OperationsAsync("/metrics");
        Assert.Contains("buildit_roomapi_requests_total{endpoint=\"/v1/rooms\",method=\"POST\",code=\"201\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("buildit_roomapi_registry_up 1", metrics, StringComparison.Ordinal);
        Assert.Contains("buildit_roomapi_join_tokens_total{role=\"host\"}", metrics, StringComparison.Ordinal);
        foreach (var family in PrometheusText.Families(metrics))
        {
            var metric = Assert.Single(MetricCatalogue.All, metric => metric.Name == family.Name && metric.Source is MetricSource.RoomApi);
            Assert.Equal((metric.Kind.ToString().ToLowerInvariant(), metric.Meaning), (family.Type, family.Help));
            Assert.True(family.Labels.Count == 0 || family.Labels.SetEquals(metric.Labels), $"{family.Name} has {string.Join(", ", family.Labels)}");
        }
    }

    [Fact]
    public async Task Who_is_still_led_to_a_replica_that_ends_is_answered_and_told_to_connect_anew()
    {
        await using var replica = await api.StartReplicaAsync(settings => settings with { ShutdownDelay = TimeSpan.FromMinutes(1) });
        (await replica.SendAsync((string?)null, "GET", "/v1/regions", [])).Expect(HttpStatusCode.OK);
        using var hurry = new CancellationTokenSource();
        var ending = replica.StopAsync(hurry.Token);
        await RoomApiFixture.EventuallyAsync(async () => await IsReadyAsync(replica) is false);

        // The first over the connection of before, the second over one of its own.
        for (var i = 0; i < 2; i++)
        {
            var answer = (await replica.SendAsync((string?)null, "GET", "/v1/regions", [])).Expect(HttpStatusCode.OK);
            Assert.True(answer.Headers.ConnectionClose);
        }

        Assert.Equal("ok\n", await replica.OperationsAsync("/healthz"));
        Assert.False(ending.IsCompleted);
        await hurry.CancelAsync();
        await ending;
        await Assert.ThrowsAsync<HttpRequestException>(() => replica.SendAsync((string?)null, "GET", "/v1/regions", []));
    }

    private static async Task<bool> IsReadyAsync(Replica replica)
    {
        try
        {
            return await replica.OperationsAsync("/readyz") == "ok\n";
        }
        catch (HttpRequestException refused) when (refused.StatusCode is HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }

    [Fact]
    public async Task No_word_of_a_caller_becomes_a_series()
    {
        foreach (var method in (string[])["BREW", "SIP"])
        {
            (await api.A.SendAsync((string?)null, method, "/v1/rooms", [])).Expect(HttpStatusCode.MethodNotAllowed);
        }

        (await api.A.SendAsync((string?)null, "GET", "/v1/secret-plan", [])).Expect(HttpStatusCode.NotFound);
        var metrics = await api.A.OperationsAsync("/metrics");
        Assert.Contains("code=\"405\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("BREW", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-plan", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_of_the_configured_origin_may_call()
    {
        foreach (var (origin, allowed) in ((string, bool)[])[("https://app.example.com", true), ("https://evil.example.com", false)])
        {
            var answer = await api.A.SendAsync((string?)null, "OPTIONS", "/v1/rooms", [], request =>
            {
                request.Headers.Add("Origin", origin);
                request.Headers.Add("Access-Control-Request-Method", "POST");
                request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
            });
            Assert.Equal(allowed, answer.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    /// <summary>The document is part of the repository, so that a change of the API is seen in review. BUILDIT_UPDATE_SNAPSHOTS=1 writes it.</summary>
    [Fact]
    public async Task The_openapi_document_is_the_one_in_the_repository()
    {
        var answer = (await api.A.SendAsync((string?)null, "GET", "/openapi/v1.json", [])).Expect(HttpStatusCode.OK);
        var served = JsonSerializer.Serialize(answer.Json, Indented).ReplaceLineEndings("\n") + "\n";
        var path = RepositoryRoot.Path("docs", "api", "room-api.openapi.json");
        if (Environment.GetEnvironmentVariable("BUILDIT_UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, served);
        }

        Assert.Equal(await File.ReadAllTextAsync(path), served);
        foreach (var route in (string[])["/v1/rooms", "/v1/rooms/{id}", "/v1/rooms/{id}/join", "/v1/rooms/{id}/refresh", "/v1/rooms/{id}/knock", "/v1/rooms/{id}/usage", "/v1/rooms/{id}/mls/commits", "/v1/regions"])
        {
            Assert.True(answer.Json.GetProperty("paths").TryGetProperty(route, out _), route);
        }
    }

    [Fact]
    public async Task Usage_is_summed_over_nodes_and_kept_when_a_node_goes()
    {
        var host = new NostrSigner();
        var id = await api.CreateRoomAsync(host);
        await HeartbeatAsync("sfu-a", 1, new RoomReport { Room = new RoomId(id), Generation = 1, Participants = 3, Publishers = 2, IngressBitsPerSecond = 3000, EgressBitsPerSecond = 6000, RoundTripMilliseconds = 20, LossFraction = 0.01, EndToEndEncrypted = true, ParticipantSeconds = 600, IngressBytes = 3_000, EgressBytes = 6_000, Relays = [Relayed("us", 70), Relayed("ap", 30), Relayed("eu", 5_000)] });
        await RoomApiFixture.EventuallyAsync(async () => await api.Database.HashLengthAsync(api.Keys.Usage(new RoomId(id))) == 1);
        await api.Database.KeyDeleteAsync(api.Keys.Node(new NodeId("sfu-a")));
        await HeartbeatAsync("sfu-b", 1, new RoomReport { Room = new RoomId(id), Generation = 2, Participants = 1, Publishers = 1, IngressBitsPerSecond = 1000, EgressBitsPerSecond = 0, RoundTripMilliseconds = 40, LossFraction = 0, EndToEndEncrypted = true, ParticipantSeconds = 60, IngressBytes = 1_000, EgressBytes = 500, Relays = [Relayed("us", 900)] });

        var usage = (await api.A.GetAsync(host, $"/v1/rooms/{id}/usage")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(1, usage.GetProperty("participantCount").GetInt32());
        Assert.Equal(1000, usage.GetProperty("avgBitrate").GetDouble());
        Assert.Equal(40, usage.GetProperty("avgLatency").GetDouble());
        Assert.True(usage.GetProperty("e2eeEnabled").GetBoolean());
        Assert.Equal(11, usage.GetProperty("participantMinutes").GetDouble());
        Assert.Equal((4_000, 6_500), (usage.GetProperty("ingressBytes").GetInt64(), usage.GetProperty("egressBytes").GetInt64()));

        // What went to a pod of the same fleet went over no link.
        Assert.Equal(1_000, usage.GetProperty("relayBytes").GetInt64());

        // ConferenceMetrics of the conference plan: every field of it, each a number but the room and the encryption.
        Assert.Equal(JsonValueKind.String, usage.GetProperty("roomId").ValueKind);
        foreach (var number in (string[])["timestamp", "participantCount", "publisherCount", "avgBitrate", "avgLatency", "packetLossRate"])
        {
            Assert.Equal(JsonValueKind.Number, usage.GetProperty(number).ValueKind);
        }


        // What it cost is asked for when it is over.
        await api.EndAsync(id);
        (await api.A.GetAsync(host, $"/v1/rooms/{id}")).Expect(HttpStatusCode.Gone);
        Assert.Equal(11, (await api.A.GetAsync(host, $"/v1/rooms/{id}/usage")).Expect(HttpStatusCode.OK).Json.GetProperty("participantMinutes").GetDouble());
        (await api.A.GetAsync(new NostrSigner(), $"/v1/rooms/{id}/usage")).Expect(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_use_of_all_rooms_of_a_key_is_summed_up()
    {
        var host = new NostrSigner();
        var id = await api.CreateRoomAsync(host);
        var sum = (await api.A.GetAsync(host, "/v1/usage")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(1, sum.GetProperty("total").GetProperty("rooms").GetInt32());
        Assert.Equal(id, sum.GetProperty("groups")[0].GetProperty("key").GetString());
        Assert.Equal(0, (await api.A.GetAsync(host, "/v1/usage?to=1000&by=total")).Expect(HttpStatusCode.OK).Json.GetProperty("total").GetProperty("rooms").GetInt32());
        Assert.Equal(0, (await api.A.GetAsync(new NostrSigner(), "/v1/usage")).Expect(HttpStatusCode.OK).Json.GetProperty("total").GetProperty("rooms").GetInt32());
        foreach (var wrong in (string[])["by=person", "by=1", "from=yesterday", "from=2&to=1", "to=-1"])
        {
            (await api.A.GetAsync(host, $"/v1/usage?{wrong}")).Expect(HttpStatusCode.BadRequest);
        }
    }

    private static RelayedBytes Relayed(string fleet, long bytes) => new() { Cluster = fleet, SentBytes = bytes };

    private Task HeartbeatAsync(string node, long sequence, RoomReport report)
    {
        var heartbeat = new Heartbeat
        {
            Node = new NodeId(node),
            Namespace = api.Namespace,
            Cluster = "eu",
            Region = "eu-west-1",
            Revision = "1",
            State = NodeState.Serving,
            Load = NodeLoad.None,
            Capacity = NodeCapacity.Default,
            Endpoints = new NodeEndpoints { Signal = "http://127.0.0.1:1", Control = "https://127.0.0.1:2" },
            StartedAt = DateTimeOffset.UnixEpoch,
            Sequence = sequence,
            Rooms = [report],
        };
        return Task.WhenAll(
            api.Database.StringSetAsync(api.Keys.Node(heartbeat.Node), ContractJson.Write(heartbeat, ContractJson.Default.Heartbeat), TimeSpan.FromMinutes(1)),
            api.Database.SortedSetAddAsync(api.Keys.Nodes, node, 1));
    }
}
