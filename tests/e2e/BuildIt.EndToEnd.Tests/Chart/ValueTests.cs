namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>What the chart's schema says to a value before anything is installed.</summary>
public sealed class ValueTests
{
    [Theory]
    [InlineData("redis.enable=true", "/redis")]
    [InlineData("operator.replicas=two", "/operator/replicas")]
    [InlineData("operator.logLevel=loud", "/operator/logLevel")]
    [InlineData("webhook.failurePolicy=Maybe", "/webhook/failurePolicy")]
    [InlineData("watchNamespace=Not_A_Name", "/watchNamespace")]
    [InlineData("node.image.repository=", "/node/image/repository")]
    [InlineData("operatr.replicas=2", "operatr")]
    [InlineData("roomApi.enabled=true", "roomApi.publicUrl")]
    [InlineData("roomApi.publicUrl=api.example.com", "/roomApi/publicUrl")]
    [InlineData("nameOverride=Foo_Bar", "/nameOverride")]
    [InlineData("fullnameOverride=1st", "/fullnameOverride")]
    [InlineData("imagePullSecrets[0].name=A_B", "/imagePullSecrets/0/name")]
    [InlineData("commonLabels.team=not a value", "/commonLabels/team")]
    [InlineData("operator.podLabels.app\\.kubernetes\\.io/name=other", "/operator/podLabels")]
    [InlineData("operator.podAnnotations.a b=c", "/operator/podAnnotations")]
    [InlineData("operator.image.repository=operator:1.0", "/operator/image/repository")]
    [InlineData("node.image.pullPolicy=Always", "/node/image")]
    [InlineData("operator.resources.requests.cpu=lots", "/operator/resources/requests/cpu")]
    [InlineData("operator.resources.limits.requests\\.cpu=1", "/operator/resources/limits")]
    [InlineData("operator.tolerations[0].operator=exists", "/operator/tolerations/0/operator")]
    [InlineData("operator.affinity.nodeAffinty.x=y", "/operator/affinity")]
    [InlineData("operator.nodeSelector.a=b c", "/operator/nodeSelector/a")]
    [InlineData("operator.topologySpreadConstraints[0].maxSkew=1", "/operator/topologySpreadConstraints/0")]
    [InlineData("operator.priorityClassName=a..b", "/operator/priorityClassName")]
    [InlineData("operator.extraEnv[0].name=A B", "/operator/extraEnv/0/name")]
    [InlineData("operator.extraEnv[0].name=A,operator.extraEnv[0].value=1", "/operator/extraEnv/0/value")]
    [InlineData("redis.existingSecret=a..b", "/redis/existingSecret")]
    [InlineData("roomApi.trustedProxies={10.0.0.0/40}", "/roomApi/trustedProxies/0")]
    [InlineData("roomApi.trustedProxies={10.0.0.1/8}", "/roomApi/trustedProxies/0")]
    [InlineData("roomApi.trustedProxies={10.0.0.300}", "/roomApi/trustedProxies/0")]
    [InlineData("roomApi.redis.addresses={redis}", "/roomApi/redis/addresses/0")]
    [InlineData("roomApi.countryHeader=a b", "/roomApi/countryHeader")]
    [InlineData("roomApi.defaultEndpoint=ws://sfu:70000", "/roomApi/defaultEndpoint")]
    [InlineData("roomApi.corsOrigins={https://app.example.com/}", "/roomApi/corsOrigins/0")]
    [InlineData("roomApi.corsOrigins={https://app.example.com:443}", "/roomApi/corsOrigins/0")]
    [InlineData("monitoring.interval=0s", "/monitoring/interval")]
    [InlineData("turn.enabled=true", "turn.secret")]
    [InlineData("turn.kind=StatefulSet", "/turn/kind")]
    [InlineData("turn.deniedPeers={10.0.0.0/8}", "/turn/deniedPeers/0")]
    [InlineData("turn.enabled=true,turn.secret=s,turn.relayPorts.first=60000", "turn.relayPorts.first")]
    [InlineData("turn.realm=a b", "/turn/realm")]
    public async Task AWrongValueIsRefusedByItsName(string value, string named)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => HelmChart.RenderTextAsync("--set", value));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nameOverride=3com")]
    [InlineData("fullnameOverride=calls")]
    [InlineData("operator.image.repository=registry.example.com:5000/team_a/op.er-ator")]
    [InlineData("operator.resources.requests.cpu=2,operator.resources.requests.example\\.com/gpu=1,operator.resources.limits.memory=1.5Gi")]
    [InlineData("operator.tolerations[0].key=sfu,operator.tolerations[0].operator=Exists")]
    [InlineData("operator.extraEnv[0].name=A,operator.extraEnv[0].valueFrom.fieldRef.fieldPath=metadata.name")]
    [InlineData("commonLabels.example\\.com/team=media")]
    [InlineData("roomApi.trustedProxies={10.0.0.0/8,172.16.0.0/12,192.168.4.0/22,192.0.2.7,0.0.0.0/0,fd00::/8,::1}")]
    [InlineData("roomApi.redis.addresses={redis:6379,[fd00::1]:6379}")]
    [InlineData("roomApi.corsOrigins={https://app.example.com:8443,*}")]
    [InlineData("monitoring.interval=1m")]
    [InlineData("turn.enabled=true,turn.secret=sfu-turn,turn.allowedPeers={10.0.0.5,192.168.0.0-192.168.0.9,fd00::1}")]
    public async Task ARightValueIsTaken(string value) => Assert.NotEmpty(await HelmChart.RenderAsync("--set", value));
}
