using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Tests.Admission;

/// <summary>
/// A fleet is refused for its pods only when the API server is certain to refuse the pods: it is asked about the very pod, beside
/// the validator.
/// </summary>
public sealed class PodTemplateTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    public static TheoryData<string> Refused() =>
    [
        """{"podTemplate":{"tolerations":[{"key":"sfu","operator":"exists"}]}}""",
        """{"podTemplate":{"tolerations":[{"key":"sfu","operator":"Exists","value":"x"}]}}""",
        """{"podTemplate":{"tolerations":[{"value":"x"}]}}""",
        """{"podTemplate":{"tolerations":[{"key":"sfu","effect":"NoRun"}]}}""",
        """{"podTemplate":{"tolerations":[{"key":"sfu","effect":"NoSchedule","tolerationSeconds":5}]}}""",
        """{"podTemplate":{"tolerations":[{"key":"s f u","operator":"Exists"}]}}""",
        """{"podTemplate":{"tolerations":[{"key":"sfu","value":"x y"}]}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"Is","values":["a"]}]}]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In"}]}]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"Exists","values":["a"]}]}]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"cores","operator":"Gt","values":["1","2"]}]}]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.uid","operator":"In","values":["a"]}]}]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}}}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,"preference":{"matchExpressions":[{"key":"zone","operator":"Exists"}]}}]}}}}""",
        """{"podTemplate":{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"host name"}]}}}}""",
        """{"podTemplate":{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","labelSelector":{"matchExpressions":[{"key":"app","operator":"Gt","values":["1"]}]}}]}}}}""",
        """{"podTemplate":{"affinity":{"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":101,"podAffinityTerm":{"topologyKey":"zone"}}]}}}}""",
        """{"podTemplate":{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"zone","namespaces":["Calls"]}]}}}}""",
        """{"podTemplate":{"topologySpreadConstraints":[{"maxSkew":0,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]}}""",
        """{"podTemplate":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"Ignore"}]}}""",
        """{"podTemplate":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"},{"maxSkew":2,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]}}""",
        """{"podTemplate":{"env":[{"name":"WITH=SIGN","value":"x"}]}}""",
        """{"podTemplate":{"env":[{"name":"A=B","value":"x"}]}}""",
        """{"podTemplate":{"env":[{"name":"A","value":"x","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}}""",
        """{"podTemplate":{"env":[{"name":"A","valueFrom":{}}]}}""",
        """{"podTemplate":{"env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"status.phase"}}}]}}""",
        """{"podTemplate":{"env":[{"name":"A","valueFrom":{"resourceFieldRef":{"resource":"cpu"}}}]}}""",
        """{"podTemplate":{"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"a","key":"a/b"}}}]}}""",
        """{"podTemplate":{"env":[{"name":"A","valueFrom":{"secretKeyRef":{"key":"b"}}}]}}""",
        """{"podTemplate":{"nodeSelector":{"a b":"c"}}}""",
        """{"podTemplate":{"annotations":{"a/b/c":"d"}}}""",
        """{"resources":{"requests":{"requests.cpu":"1"},"limits":{}}}""",
        """{"resources":{"requests":{"gpu":"1"},"limits":{}}}""",
        """{"resources":{"requests":{"example.com/gpu":"1"},"limits":{}}}""",
        """{"resources":{"requests":{},"limits":{"example.com/gpu":"1500m"}}}""",
        """{"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","imagePullPolicy":"Sometimes"}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","terminationMessagePolicy":"Logs"}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","envFrom":[{"prefix":"A"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","volumeMounts":[{"name":"data","mountPath":"/data"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","volumeMounts":[{"name":"signal-tls","mountPath":"/data"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","volumeMounts":[{"name":"tmp","mountPath":"/a"},{"name":"tmp","mountPath":"/a"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","volumeMounts":[{"name":"tmp","mountPath":"/a","subPath":"../x"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","volumeDevices":[{"name":"tmp","devicePath":"/dev/x"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","livenessProbe":{"successThreshold":2,"httpGet":{"port":1}}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","readinessProbe":{"periodSeconds":5}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","readinessProbe":{"periodSeconds":-5,"httpGet":{"port":1}}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","readinessProbe":{"exec":{}}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","readinessProbe":{"httpGet":{"port":1,"scheme":"ftp"}}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","securityContext":{"privileged":true,"allowPrivilegeEscalation":false}}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":0}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":9100,"protocol":"udp"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":9100,"name":"Metrics"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":9100,"name":"a"},{"containerPort":9101,"name":"a"}]}]}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":9100,"hostPort":7882,"protocol":"UDP"}]}]}}""",
        """{"network":{"mode":"HostNetwork"},"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":9100,"hostPort":9101}]}]}}""",
        """{"network":{"mode":"HostNetwork"},"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"containerPort":7885}]}]}}""",
        """{"network":{"mode":"HostNetwork","tcpPort":7883}}""",
        """{"network":{"mode":"HostNetwork","signalPort":7885}}""",
    ];

    public static TheoryData<string> Accepted() =>
    [
        """{"podTemplate":{"tolerations":[{"operator":"Exists"},{"key":"sfu","value":"x","effect":"NoExecute","tolerationSeconds":5}]}}""",
        """{"podTemplate":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"cores","operator":"Gt","values":["8"]},{"key":"zone","operator":"In","values":["a"]}],"matchFields":[{"key":"metadata.name","operator":"NotIn","values":["n"]}]}]},"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"preference":{"matchExpressions":[{"key":"ssd","operator":"DoesNotExist"}]}}]},"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"kubernetes.io/hostname","namespaces":["calls"],"labelSelector":{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"a.b/c","operator":"NotIn","values":["d"]}]}}]}}}}""",
        """{"podTemplate":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"},{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway"}]}}""",
        """{"podTemplate":{"env":[{"name":"_a.b-C1","value":""},{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.labels['a.b/c']"}}},{"name":"B","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu"}}},{"name":"C","valueFrom":{"configMapKeyRef":{"name":"a","key":"b.c"}}}]}}""",
        """{"resources":{"requests":{"cpu":"2","memory":"4Gi","example.com/gpu":"1","ephemeral-storage":"1Gi"},"limits":{"cpu":"4","memory":"8Gi","example.com/gpu":"1"}}}""",
        """{"podTemplate":{"extraContainers":[{"name":"x","image":"x","ports":[{"name":"web","containerPort":9100,"hostPort":9200},{"containerPort":7885,"protocol":"UDP"}],"envFrom":[{"prefix":"A_","secretRef":{"name":"s"}}],"volumeMounts":[{"name":"tmp","mountPath":"/a","subPath":"x"}],"resources":{"requests":{"cpu":"10m","memory":"16Mi"},"limits":{"memory":"32Mi"}},"livenessProbe":{"exec":{"command":["true"]}},"readinessProbe":{"successThreshold":2,"tcpSocket":{"port":"web"}},"securityContext":{"runAsUser":1000}}]}}""",
        """{"network":{"tcpPort":7900,"udpPort":7900}}""",
        """{"network":{"hostPortRange":{"first":7886,"last":7999}}}""",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_the_server_would_refuse_of_a_pod_is_refused_of_its_fleet(string spec)
    {
        var fleet = Fleet(spec);

        Assert.NotEmpty(ResourceValidator.ValidateJson<SfuCluster>(fleet));
        Assert.NotNull(await RefusalAsync(fleet));
    }

    /// <summary>Servers since 1.30 take it; a fleet is to be the same on all that are supported.</summary>
    [Fact]
    public void What_only_older_servers_would_refuse_of_a_pod_is_refused_of_its_fleet() =>
        Assert.NotEmpty(ResourceValidator.ValidateJson<SfuCluster>(Fleet("""{"podTemplate":{"env":[{"name":"WITH SPACE","value":"x"}]}}""")));

    [Theory]
    [MemberData(nameof(Accepted))]
    public async Task What_the_server_takes_of_a_pod_is_taken_of_its_fleet(string spec)
    {
        var fleet = Fleet(spec);

        Assert.Empty(ResourceValidator.ValidateJson<SfuCluster>(fleet));
        Assert.Null(await RefusalAsync(fleet));
    }

    private static JsonObject Fleet(string spec)
    {
        var given = JsonNode.Parse(spec)!.AsObject();
        given["region"] = "us-east-1";
        given["redis"] = new JsonObject { ["addresses"] = new JsonArray("redis:6379") };
        given["apiKeysSecretRef"] = new JsonObject { ["name"] = "keys" };
        return new JsonObject
        {
            ["apiVersion"] = SfuApi.GroupVersion,
            ["kind"] = SfuCluster.KindName,
            ["metadata"] = new JsonObject { ["name"] = "fleet", ["namespace"] = "default", ["uid"] = "6f1f2f6c-0000-4000-8000-000000000001" },
            ["spec"] = given,
        };
    }

    /// <summary>What the API server says to the fleet's pod; null when it would take it.</summary>
    private async Task<string?> RefusalAsync(JsonObject fleet)
    {
        var cluster = fleet.Deserialize<SfuCluster>(ApiJson.Options)!;
        var pod = PodBuilder.Build(cluster, new InstanceRequest("fleet-rev-1", "rev", "registry.example.com/sfu-node:test", HostPorts.Pick(cluster.Spec.Network, [])));
        try
        {
            await fixture.Cluster.Client.CoreV1.CreateNamespacedPodAsync(pod, "default", dryRun: "All");
            return null;
        }
        catch (HttpOperationException refused) when (refused.Response.StatusCode is HttpStatusCode.UnprocessableEntity)
        {
            return refused.Response.Content;
        }
    }
}
