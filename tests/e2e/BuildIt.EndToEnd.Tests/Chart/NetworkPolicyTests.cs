using System.Text.Json.Nodes;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>
/// The chart's network policies, evaluated: what the parts need of each other comes through, and nobody else gets to what is not for them.
/// </summary>
public sealed class NetworkPolicyTests
{
    private const string Values =
        "networkPolicies.enabled=true,redis.enabled=true,roomApi.enabled=true,roomApi.publicUrl=https://api.example.com,roomApi.pepperSecret=pepper,roomApi.namespace=calls,"
        + "turn.enabled=true,turn.secret=turn,turn.tlsSecret=tls,turn.hostNetwork=false,"
        + "tracing.endpoint=http://collector.observability:4317,"
        + "networkPolicies.monitoringFrom[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=monitoring,"
        + "networkPolicies.applicationsFrom[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=ingress";

    private static readonly Dictionary<string, string> NoLabels = [];

    private static readonly PolicyPod Node = new("calls", new Dictionary<string, string>
    {
        ["app.kubernetes.io/name"] = "sfu-node",
        ["app.kubernetes.io/part-of"] = "buildit-sfu",
        ["app.kubernetes.io/managed-by"] = "buildit-sfu-operator",
        ["sfu.buildit.network/cluster"] = "main",
    }, new Dictionary<string, int>());

    [Theory]

    // The API server, from an address that nobody knows before.
    [InlineData("outside", "operator", 9443, "TCP", true)]
    [InlineData("outside", "operator", 8080, "TCP", true)]
    [InlineData("operator", "outside", 443, "TCP", true)]
    [InlineData("operator", "outside", 6443, "TCP", true)]
    [InlineData("room-api", "outside", 443, "TCP", true)]

    // Names.
    [InlineData("operator", "dns", 53, "UDP", true)]
    [InlineData("room-api", "dns", 53, "TCP", true)]

    // The registry.
    [InlineData("operator", "redis", 6379, "TCP", true)]
    [InlineData("room-api", "redis", 6379, "TCP", true)]
    [InlineData("node", "redis", 6379, "TCP", true)]
    [InlineData("operator", "outside", 6379, "TCP", true)]
    [InlineData("stranger", "redis", 6379, "TCP", false)]
    [InlineData("redis", "outside", 443, "TCP", false)]
    [InlineData("redis", "dns", 53, "UDP", false)]

    // Orders to nodes, whose way is the operator's alone.
    [InlineData("operator", "node", 7883, "TCP", true)]
    [InlineData("room-api", "node", 7883, "TCP", false)]
    [InlineData("node", "node", 7883, "TCP", false)]
    [InlineData("stranger", "node", 7883, "TCP", false)]
    [InlineData("outside", "node", 7883, "TCP", false)]

    // Clients.
    [InlineData("outside", "node", 7880, "TCP", true)]
    [InlineData("ingress", "node", 7880, "TCP", true)]
    [InlineData("outside", "node", 7881, "TCP", true)]
    [InlineData("outside", "node", 7882, "UDP", true)]
    [InlineData("node", "outside", 54321, "UDP", true)]
    [InlineData("node", "node", 7884, "TCP", true)]
    [InlineData("node", "node", 7882, "UDP", true)]
    [InlineData("ingress", "room-api", 8080, "TCP", true)]
    [InlineData("stranger", "room-api", 8080, "TCP", false)]

    // Moderation, rooms on demand, webhooks of a fleet's application.
    [InlineData("room-api", "node", 7880, "TCP", true)]
    [InlineData("node", "room-api", 9090, "TCP", true)]
    [InlineData("node", "outside", 443, "TCP", true)]
    [InlineData("stranger", "room-api", 9090, "TCP", false)]
    [InlineData("outside", "room-api", 9090, "TCP", false)]

    // Metrics.
    [InlineData("prometheus", "node", 7885, "TCP", true)]
    [InlineData("prometheus", "room-api", 9090, "TCP", true)]
    [InlineData("prometheus", "operator", 8080, "TCP", true)]
    [InlineData("prometheus", "turn", 9641, "TCP", true)]
    [InlineData("stranger", "node", 7885, "TCP", false)]
    [InlineData("stranger", "turn", 9641, "TCP", false)]

    // Traces.
    [InlineData("operator", "outside", 4317, "TCP", true)]
    [InlineData("room-api", "outside", 4317, "TCP", true)]
    [InlineData("node", "outside", 4317, "TCP", true)]
    [InlineData("redis", "outside", 4317, "TCP", false)]

    // Relayed clients.
    [InlineData("outside", "turn", 3478, "UDP", true)]
    [InlineData("outside", "turn", 3478, "TCP", true)]
    [InlineData("outside", "turn", 5349, "TCP", true)]
    [InlineData("node", "turn", 50000, "UDP", true)]
    [InlineData("turn", "node", 7882, "UDP", true)]
    [InlineData("operator", "turn", 3478, "UDP", true)]
    [InlineData("operator", "turn", 5349, "TCP", true)]
    [InlineData("turn", "redis", 6379, "TCP", false)]
    [InlineData("turn", "outside", 80, "TCP", false)]

    // "helm test", and what has no business anywhere.
    [InlineData("test", "operator", 8080, "TCP", true)]
    [InlineData("test", "room-api", 9090, "TCP", true)]
    [InlineData("operator", "outside", 25, "TCP", false)]
    [InlineData("room-api", "outside", 25, "TCP", false)]
    [InlineData("stranger", "operator", 22, "TCP", false)]
    public async Task WhatIsNeededComesThroughAndNothingElse(string from, string to, int port, string protocol, bool allowed)
    {
        var objects = await HelmChart.RenderAsync("--set", Values);
        var world = new PolicyWorld(objects.OfKind("NetworkPolicy"));

        Assert.Equal(allowed, world.Allows(Pod(objects, from), Pod(objects, to), port, protocol));
    }

    [Fact]
    public async Task EveryPodOfTheChartHasAPolicyAndNoneIsMadeUnlessAskedFor()
    {
        Assert.Empty((await HelmChart.RenderAsync()).OfKind("NetworkPolicy"));
        Assert.Equal(
            ["buildit-sfu/buildit-sfu-operator", "buildit-sfu/buildit-sfu-redis", "buildit-sfu/buildit-sfu-turn", "calls/buildit-sfu-nodes", "calls/buildit-sfu-room-api"],
            (await HelmChart.RenderAsync("--set", Values)).OfKind("NetworkPolicy").Select(each => $"{each["metadata"]!["namespace"]}/{each["metadata"]!["name"]}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ["eu", "us"],
            (await HelmChart.RenderAsync("--set", $"{Values},networkPolicies.fleetNamespaces={{eu,us}}")).OfKind("NetworkPolicy")
                .Where(each => $"{each["metadata"]!["name"]}" == "buildit-sfu-nodes").Select(each => $"{each["metadata"]!["namespace"]}"));
    }

    private static PolicyPod? Pod(IReadOnlyList<JsonNode> objects, string name) => name switch
    {
        "outside" => PolicyPod.Outside,
        "node" => Node,
        "dns" => new PolicyPod("kube-system", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, new Dictionary<string, int>()),
        "prometheus" => new PolicyPod("monitoring", NoLabels, new Dictionary<string, int>()),
        "ingress" => new PolicyPod("ingress", NoLabels, new Dictionary<string, int>()),
        "stranger" => new PolicyPod("calls", new Dictionary<string, string> { ["app"] = "stranger" }, new Dictionary<string, int>()),
        "test" => Of(objects.OfKind("Pod").Single(), objects.OfKind("Pod").Single()["metadata"]!),
        _ => objects.OfKind("Deployment").Where(each => $"{each["metadata"]!["name"]}" == $"buildit-sfu-{name}")
            .Select(each => Of(each, each["spec"]!["template"]!["metadata"]!)).Single(),
    };

    private static PolicyPod Of(JsonNode resource, JsonNode metadata) => new(
        $"{resource["metadata"]!["namespace"]}",
        metadata["labels"]!.AsObject().ToDictionary(label => label.Key, label => $"{label.Value}"),
        HelmChart.PodOf(resource)!["containers"]!.AsArray().SelectMany(container => container!["ports"]?.AsArray() ?? [])
            .ToDictionary(port => $"{port!["name"]}", port => port!["containerPort"]!.GetValue<int>()));
}
