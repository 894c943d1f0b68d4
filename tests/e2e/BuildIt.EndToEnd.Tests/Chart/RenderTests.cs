using System.Text.Json.Nodes;
using BuildIt.Operator.Resources.Names;
using BuildIt.Sfu.Telemetry;
using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>What the chart makes of its values.</summary>
public sealed class RenderTests
{
    private static readonly string[] Everything = ["--set", "redis.enabled=true,redis.networkPolicy=true,roomApi.enabled=true,roomApi.publicUrl=https://api.example.com,roomApi.pepperSecret=pepper"];

    private static readonly string[] Monitors =
        ["--api-versions", "monitoring.coreos.com/v1/PodMonitor", "--api-versions", "monitoring.coreos.com/v1/ServiceMonitor"];

    [Fact]
    public async Task TwoRendersAreTheSameToTheByte()
    {
        string[] arguments = [.. Everything, .. Monitors];
        Assert.Equal(await HelmChart.RenderTextAsync(arguments), await HelmChart.RenderAnewAsync(arguments));
    }

    /// <summary>Kubernetes' default would keep them on a dead machine for five minutes, and for as long nobody would find a room.</summary>
    [Theory]
    [InlineData(null, 5)]
    [InlineData("leaveDeadNodesAfterSeconds=60", 60)]
    public async Task WhatHoldsNothingLeavesADeadMachineSoon(string? value, int seconds)
    {
        string[] arguments = [.. Everything, "--set", "redis.tolerations[0].key=gpu,redis.tolerations[0].operator=Exists", .. value is null ? Array.Empty<string>() : ["--set", value]];
        var deployments = (await HelmChart.RenderAsync(arguments)).Where(each => $"{each["kind"]}" == "Deployment").ToList();
        Assert.Equal(3, deployments.Count);
        Assert.All(deployments, deployment =>
        {
            var tolerations = HelmChart.PodOf(deployment)!["tolerations"]!.AsArray();
            foreach (var taint in (string[])["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
            {
                var toleration = tolerations.Single(each => $"{each!["key"]}" == taint)!;
                Assert.Equal(("NoExecute", seconds), ($"{toleration["effect"]}", toleration["tolerationSeconds"]!.GetValue<int>()));
            }
        });
        Assert.Contains(deployments, deployment => HelmChart.PodOf(deployment)!["tolerations"]!.AsArray().Any(each => $"{each!["key"]}" == "gpu"));
    }

    [Fact]
    public async Task EveryPodKeepsToTheRestrictedStandard()
    {
        var pods = (await HelmChart.RenderAsync(Everything)).Select(each => (Name: $"{each["metadata"]!["name"]}", Pod: HelmChart.PodOf(each)))
            .Where(each => each.Pod is not null).ToList();
        Assert.Equal(4, pods.Count);
        Assert.All(pods, each =>
        {
            var pod = each.Pod!;
            Assert.True(pod["securityContext"]!["runAsNonRoot"]!.GetValue<bool>(), each.Name);
            Assert.Equal("RuntimeDefault", pod["securityContext"]!["seccompProfile"]!["type"]!.GetValue<string>());
            Assert.Null(pod["hostNetwork"]);
            Assert.Null(pod["hostPID"]);
            Assert.Null(pod["hostIPC"]);
            Assert.All((pod["volumes"] as JsonArray ?? []).OfType<JsonObject>(), volume => Assert.False(volume.ContainsKey("hostPath")));
            foreach (var container in pod["containers"]!.AsArray())
            {
                var security = container!["securityContext"]!;
                Assert.False(security["allowPrivilegeEscalation"]!.GetValue<bool>());
                Assert.True(security["readOnlyRootFilesystem"]!.GetValue<bool>());
                Assert.Equal("ALL", Assert.Single(security["capabilities"]!["drop"]!.AsArray())!.GetValue<string>());
                Assert.Null(security["capabilities"]!["add"]);
                Assert.NotNull(container["resources"]!["requests"]);
                Assert.All((container["ports"] as JsonArray ?? []).OfType<JsonObject>(), port => Assert.False(port.ContainsKey("hostPort")));
            }
        });
    }

    [Fact]
    public async Task MonitorsAreMadeOnlyWhereTheClusterKnowsThem()
    {
        var without = await HelmChart.RenderAsync(Everything);
        Assert.Empty(without.OfKind("PodMonitor").Concat(without.OfKind("ServiceMonitor")));

        var with = await HelmChart.RenderAsync([.. Everything, .. Monitors]);
        Assert.Single(with.OfKind("PodMonitor"));
        Assert.NotEmpty(with.OfKind("ServiceMonitor"));

        var off = await HelmChart.RenderAsync([.. Everything, .. Monitors, "--set", "monitoring.enabled=false"]);
        Assert.Empty(off.OfKind("PodMonitor").Concat(off.OfKind("ServiceMonitor")));
    }

    [Theory]
    [InlineData("1.20.2", "policy/v1beta1", false)]
    [InlineData("1.33.0", "policy/v1", true)]
    public async Task OldServersGetWhatTheyUnderstand(string version, string policy, bool rules)
    {
        var objects = await HelmChart.RenderAsync("--kube-version", version);
        Assert.Equal(policy, objects.OfKind("PodDisruptionBudget").Single()["apiVersion"]!.GetValue<string>());
        var definitions = objects.OfKind("CustomResourceDefinition").ToList();
        Assert.Equal(3, definitions.Count);
        Assert.Equal(rules, definitions.Any(each => each.ToJsonString().Contains("x-kubernetes-validations", StringComparison.Ordinal)));
        Assert.All(definitions, each => Assert.Equal("keep", each["metadata"]!["annotations"]!["helm.sh/resource-policy"]!.GetValue<string>()));
    }

    [Fact]
    public async Task DefinitionsMayBeSomebodyElses()
    {
        Assert.Empty((await HelmChart.RenderAsync("--set", "crds.install=false")).OfKind("CustomResourceDefinition"));
    }

    [Fact]
    public async Task TheChartMakesNoCertificate()
    {
        var objects = await HelmChart.RenderAsync(Everything);
        Assert.All(objects.OfKind("Secret"), secret => Assert.Null(secret["data"] ?? secret["stringData"]));
        Assert.Null(objects.OfKind("ValidatingWebhookConfiguration").Single()["webhooks"]![0]!["clientConfig"]!["caBundle"]);
    }

    [Theory]
    [InlineData("1.27.16", false)]
    [InlineData("1.28.0", true)]
    [InlineData("1.36.2", true)]
    public async Task TheWebhookIsSparedWhatItDoesNotCheckWhereTheServerCan(string version, bool spared)
    {
        var webhook = (await HelmChart.RenderAsync("--kube-version", version)).OfKind("ValidatingWebhookConfiguration").Single()["webhooks"]![0]!;
        Assert.Equal(spared, webhook["matchConditions"] is JsonArray { Count: 1 });
    }

    [Fact]
    public async Task NamesOfTwoReleasesNeverMeet()
    {
        var one = await ClusterWideNamesAsync("team-a");
        var other = await ClusterWideNamesAsync("team-b");
        Assert.NotEmpty(one);
        Assert.Empty(one.Intersect(other));

        static async Task<List<string>> ClusterWideNamesAsync(string space) =>
            [.. (await HelmChart.RenderAsync("--namespace", space, "--set", "crds.install=false"))
                .Where(each => each["metadata"]!["namespace"] is null)
                .Select(each => $"{each["kind"]}/{each["metadata"]!["name"]}")];
    }

    [Fact]
    public async Task EverybodyLogsAndTracesAsTheValuesSay()
    {
        var silent = EnvironmentOf(await HelmChart.RenderAsync(Everything), "operator");
        Assert.Equal(("json", "Information"), (silent["BUILDIT_OPERATOR_LOG_FORMAT"], silent["BUILDIT_OPERATOR_LOG_LEVEL"]));
        Assert.DoesNotContain(silent.Keys, name => name.StartsWith("OTEL_", StringComparison.Ordinal));

        var objects = await HelmChart.RenderAsync(
            [.. Everything, "--set", "logFormat=text,roomApi.logLevel=Debug,tracing.endpoint=http://collector:4318,tracing.protocol=http/protobuf,tracing.sampleRatio=0.00001"]);
        foreach (var (name, prefix, level) in (ReadOnlySpan<(string, string, string)>)[("operator", "BUILDIT_OPERATOR", "Information"), ("room-api", "BUILDIT_ROOMAPI", "Debug")])
        {
            var environment = EnvironmentOf(objects, name);
            var faults = new List<string>();
            var settings = TelemetrySettings.Read($"{prefix}_", environment.GetValueOrDefault, LogFormat.Json, faults);
            Assert.Empty(faults);
            Assert.Equal((LogFormat.Text, level), (settings.Logs.Format, settings.Logs.Levels.ToString()));
            Assert.Equal(new TracingSettings(new Uri("http://collector:4318"), true, 0.00001), settings.Tracing);

            // What an annotation says of the pod is where the process looks for it.
            var pod = HelmChart.PodOf(objects.Named("Deployment", $"buildit-sfu-{name}"))!;
            var mount = pod["containers"]![0]!["volumeMounts"]!.AsArray().Single(each => Path.GetDirectoryName(settings.Logs.LevelFile) == $"{each!["mountPath"]}")!;
            var item = pod["volumes"]!.AsArray().Single(each => $"{each!["name"]}" == $"{mount["name"]}")!["downwardAPI"]!["items"]!.AsArray().Single()!;
            Assert.Equal((Path.GetFileName(settings.Logs.LevelFile), $"metadata.annotations['{PodAnnotations.LogLevel}']"), ($"{item["path"]}", $"{item["fieldRef"]!["fieldPath"]}"));
        }
    }

    [Fact]
    public async Task ADigestGoesBeforeATag()
    {
        var digest = $"sha256:{new string('a', 64)}";
        var objects = await HelmChart.RenderAsync("--set", $"operator.image.digest={digest},operator.image.repository=example/op");
        var operatorPod = HelmChart.PodOf(objects.Named("Deployment", "buildit-sfu-operator"))!;
        Assert.Equal($"example/op@{digest}", operatorPod["containers"]![0]!["image"]!.GetValue<string>());
    }

    private static Dictionary<string, string> EnvironmentOf(IReadOnlyList<JsonNode> objects, string name) =>
        HelmChart.PodOf(objects.Named("Deployment", $"buildit-sfu-{name}"))!["containers"]![0]!["env"]!.AsArray()
            .Where(each => each!["value"] is not null).ToDictionary(each => $"{each!["name"]}", each => $"{each!["value"]}");
}
