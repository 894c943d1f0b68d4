using System.Text.Json.Nodes;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>The TURN server that the chart makes.</summary>
public sealed class TurnTests
{
    private const string Enabled = "turn.enabled=true,turn.secret=sfu-turn";

    [Fact]
    public async Task NoneIsMadeUnlessAskedFor()
    {
        Assert.DoesNotContain("turn", string.Join(' ', (await HelmChart.RenderAsync()).Select(each => $"{each["metadata"]!["name"]}")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnTheHostsNetworkThereIsNoService()
    {
        var objects = await HelmChart.RenderAsync("--set", Enabled);
        var pod = HelmChart.PodOf(objects.Named("Deployment", "buildit-sfu-turn"))!;
        Assert.True(pod["hostNetwork"]!.GetValue<bool>());
        Assert.DoesNotContain(objects.OfKind("Service"), each => $"{each["metadata"]!["name"]}" == "buildit-sfu-turn");
        Assert.Single(objects.OfKind("PodDisruptionBudget"), each => $"{each["metadata"]!["name"]}" == "buildit-sfu-turn");
    }

    [Fact]
    public async Task BehindALoadBalancerTlsIsWhereFirewallsLetItOut()
    {
        var objects = await HelmChart.RenderAsync("--set", $"{Enabled},turn.hostNetwork=false,turn.tlsSecret=turn-tls");
        var ports = objects.Named("Service", "buildit-sfu-turn")["spec"]!["ports"]!.AsArray().Select(port => $"{port!["port"]}/{port["protocol"]}");
        Assert.Equal(["3478/UDP", "3478/TCP", "443/TCP"], ports);
        Assert.Null(HelmChart.PodOf(objects.Named("Deployment", "buildit-sfu-turn"))!["hostNetwork"]);
    }

    [Fact]
    public async Task OneOnEachNodeIsADaemonSet()
    {
        var objects = await HelmChart.RenderAsync("--set", $"{Enabled},turn.kind=DaemonSet");
        var set = objects.Named("DaemonSet", "buildit-sfu-turn");
        Assert.Null(set["spec"]!["replicas"]);
        Assert.NotNull(set["spec"]!["updateStrategy"]);
    }

    [Theory]
    [InlineData("turn.hostNetwork=false,turn.tlsSecret=t,turn.tlsPort=443", false)]
    [InlineData("turn.tlsSecret=t", false)]
    [InlineData("turn.tlsPort=443", false)]
    [InlineData("turn.tlsSecret=t,turn.tlsPort=443", true)]
    public async Task MoreRightsAreForALowPortOfTheHostAlone(string values, bool more)
    {
        var container = Container(await HelmChart.RenderAsync("--set", $"{Enabled},{values}"));
        Assert.Equal(more, container["securityContext"]!["allowPrivilegeEscalation"]!.GetValue<bool>());
        Assert.True(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>());
        Assert.Equal("ALL", Assert.Single(container["securityContext"]!["capabilities"]!["drop"]!.AsArray())!.GetValue<string>());
    }

    /// <summary>Whoever may join a room reaches the fleet through it, and nothing else inside.</summary>
    [Fact]
    public async Task WhatIsInsideIsDeniedUnlessNamed()
    {
        var arguments = Arguments(await HelmChart.RenderAsync("--set", $"{Enabled},turn.allowedPeers={{10.0.0.7}}"));
        foreach (var range in (string[])["10.0.0.0-10.255.255.255", "127.0.0.0-127.255.255.255", "169.254.0.0-169.254.255.255", "::-::1"])
        {
            Assert.Contains($"--denied-peer-ip={range}", arguments);
        }

        Assert.Contains("--allowed-peer-ip=10.0.0.7", arguments);
        Assert.Contains("--no-multicast-peers", arguments);
    }

    [Fact]
    public async Task ItIsWatchedWhereItCountsAnything()
    {
        string[] monitors = ["--api-versions", "monitoring.coreos.com/v1/PodMonitor"];
        Assert.Equal(2, (await HelmChart.RenderAsync(["--set", Enabled, .. monitors])).OfKind("PodMonitor").Count());
        Assert.Single((await HelmChart.RenderAsync(["--set", $"{Enabled},turn.metrics=false", .. monitors])).OfKind("PodMonitor"));
    }

    [Fact]
    public async Task AnOldSecretIsTakenBesideTheNewOnlyWhileItIsNamed()
    {
        Assert.Single(Arguments(await HelmChart.RenderAsync("--set", Enabled)), each => each.StartsWith("--static-auth-secret=", StringComparison.Ordinal));
        var both = await HelmChart.RenderAsync("--set", $"{Enabled},turn.previousSecret=old");
        Assert.Contains("--static-auth-secret=$(TURN_PREVIOUS_SECRET)", Arguments(both));
        Assert.Equal(["sfu-turn", "old"], Container(both)["env"]!.AsArray()
            .Select(each => each!["valueFrom"]!["secretKeyRef"]?["name"]?.GetValue<string>()).OfType<string>());
    }

    private static JsonNode Container(IReadOnlyList<JsonNode> objects) => HelmChart.PodOf(objects.Named("Deployment", "buildit-sfu-turn"))!["containers"]![0]!;

    private static List<string> Arguments(IReadOnlyList<JsonNode> objects) => [.. Container(objects)["args"]!.AsArray().Select(each => each!.GetValue<string>())];
}
