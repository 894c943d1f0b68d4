using System.Text.Json.Nodes;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>How the room API and the signalling of fleets are reached from outside.</summary>
public sealed class EntranceTests
{
    private const string RoomApi = "redis.enabled=true,roomApi.enabled=true,roomApi.publicUrl=https://api.example.com:8443,roomApi.pepperSecret=pepper,roomApi.namespace=calls";
    private const string Fleet = "signalEntrances[0].fleet=main,signalEntrances[0].namespace=calls,signalEntrances[0].host=sfu.example.com,signalEntrances[0].tlsSecret=sfu-tls";

    [Fact]
    public async Task AnIngressLeadsToEach()
    {
        var ingresses = (await HelmChart.RenderAsync("--set", $"{RoomApi},{Fleet},ingress.enabled=true,ingress.className=nginx")).OfKind("Ingress").ToList();
        Assert.Equal(
            ["api.example.com -> calls/buildit-sfu-room-api:8080", "sfu.example.com -> calls/main-signal:7880"],
            ingresses.Select(each =>
            {
                var rule = each["spec"]!["rules"]![0]!;
                var service = rule["http"]!["paths"]![0]!["backend"]!["service"]!;
                return $"{rule["host"]} -> {each["metadata"]!["namespace"]}/{service["name"]}:{service["port"]!["number"]}";
            }));
        Assert.All(ingresses, each => Assert.Equal("nginx", each["spec"]!["ingressClassName"]!.GetValue<string>()));

        // Most proxies end what says nothing for a minute.
        Assert.All(ingresses, each => Assert.Equal("3600", each["metadata"]!["annotations"]!["nginx.ingress.kubernetes.io/proxy-read-timeout"]!.GetValue<string>()));
        Assert.Null(ingresses[0]["spec"]!["tls"]);
        Assert.Equal("sfu-tls", ingresses[1]["spec"]!["tls"]![0]!["secretName"]!.GetValue<string>());
    }

    [Fact]
    public async Task ARouteOfTheGatewayApiLeadsToEachAndHasNoTimeout()
    {
        var routes = (await HelmChart.RenderAsync("--set", $"{RoomApi},{Fleet},gateway.enabled=true,gateway.parentRefs[0].name=front,gateway.parentRefs[0].namespace=infra")).OfKind("HTTPRoute").ToList();
        Assert.Equal(["api.example.com", "sfu.example.com"], routes.Select(each => each["spec"]!["hostnames"]![0]!.GetValue<string>()));
        Assert.All(routes, each => Assert.Equal("0s", each["spec"]!["rules"]![0]!["timeouts"]!["request"]!.GetValue<string>()));
        Assert.DoesNotContain(await HelmChart.RenderAsync("--set", RoomApi), each => $"{each["kind"]}" is "Ingress" or "HTTPRoute");
    }

    [Theory]
    [InlineData("1.20.2", "autoscaling/v2beta2")]
    [InlineData("1.36.0", "autoscaling/v2")]
    public async Task TheRoomApiScalesWithItsProcessorWhenAskedTo(string version, string api)
    {
        var objects = await HelmChart.RenderAsync("--kube-version", version, "--set", $"{RoomApi},roomApi.replicas=1,roomApi.autoscaling.enabled=true,roomApi.autoscaling.maxReplicas=5");
        var scaler = objects.OfKind("HorizontalPodAutoscaler").Single();
        Assert.Equal(api, scaler["apiVersion"]!.GetValue<string>());
        Assert.Equal(5, scaler["spec"]!["maxReplicas"]!.GetValue<int>());

        // Two that count the same pods would pull them up and down.
        Assert.Null(objects.Named("Deployment", "buildit-sfu-room-api")["spec"]!["replicas"]);
        Assert.Single(objects.OfKind("PodDisruptionBudget"), each => $"{each["metadata"]!["name"]}" == "buildit-sfu-room-api");
        var plain = await HelmChart.RenderAsync("--set", $"{RoomApi},roomApi.replicas=3");
        Assert.Empty(plain.OfKind("HorizontalPodAutoscaler"));
        Assert.Equal(3, plain.Named("Deployment", "buildit-sfu-room-api")["spec"]!["replicas"]!.GetValue<int>());
    }
}
