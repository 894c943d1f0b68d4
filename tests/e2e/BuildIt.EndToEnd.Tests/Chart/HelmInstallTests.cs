using BuildIt.Testing;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>The chart installed with the real Helm into a real API server. Nothing runs there: whether it works is shown elsewhere.</summary>
public sealed class HelmInstallTests(KubernetesCluster cluster) : IClassFixture<KubernetesCluster>
{
    private const string System = "buildit-sfu";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task DefinitionsThatKubectlMadeAreLeftAloneOrHandedOverAndBack()
    {
        await ApplyOlderDefinitionsAsync();
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => InstallAsync());
        Assert.Contains("invalid ownership metadata", refused.Message, StringComparison.Ordinal);

        // What the README says to do about it.
        await InstallAsync("--set", "crds.install=false");
        await UninstallAsync();
        Assert.Contains("An older text.", await DescriptionAsync(), StringComparison.Ordinal);
        await InstallAsync("--take-ownership", "--force-conflicts");
        Assert.DoesNotContain("An older text.", await DescriptionAsync(), StringComparison.Ordinal);
        await InstallAsync("--set", "operator.replicas=3");

        await InstallAsync("--set", "crds.install=false");
        await KubectlAsync("apply", "--server-side", "--force-conflicts", "-f", RepositoryRoot.Path("crds", "without-rules"));
        await UninstallAsync();
        Assert.DoesNotContain("An older text.", await DescriptionAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUpgradeKeepsWhatTheOperatorWroteAndUninstallTakesItAway()
    {
        const string space = "kept";
        await HelmAsync("install", "kept", HelmChart.Folder, "--namespace", space, "--create-namespace", "--set", "crds.install=false");
        var secret = await cluster.Client.CoreV1.ReadNamespacedSecretAsync("kept-buildit-sfu-webhook", space);
        secret.Data = new Dictionary<string, byte[]> { ["tls.key"] = [1, 2, 3] };
        await cluster.Client.CoreV1.ReplaceNamespacedSecretAsync(secret, secret.Metadata.Name, space);
        var lease = await cluster.Client.CoordinationV1.ReadNamespacedLeaseAsync("kept-buildit-sfu-operator", space);
        lease.Spec = new V1LeaseSpec { HolderIdentity = "somebody" };
        await cluster.Client.CoordinationV1.ReplaceNamespacedLeaseAsync(lease, lease.Metadata.Name, space);

        await HelmAsync("upgrade", "kept", HelmChart.Folder, "--namespace", space, "--set", "crds.install=false", "--set", "operator.logLevel=Debug",
            "--set", "ingress.enabled=true,signalEntrances[0].fleet=main,signalEntrances[0].host=sfu.example.com");

        Assert.Equal("main-signal", (await cluster.Client.NetworkingV1.ListNamespacedIngressAsync(space)).Items.Single().Spec.Rules.Single().Http.Paths.Single().Backend.Service.Name);
        Assert.Equal([1, 2, 3], (await cluster.Client.CoreV1.ReadNamespacedSecretAsync(secret.Metadata.Name, space)).Data["tls.key"]);
        Assert.Equal("somebody", (await cluster.Client.CoordinationV1.ReadNamespacedLeaseAsync(lease.Metadata.Name, space)).Spec.HolderIdentity);
        await HelmAsync("uninstall", "kept", "--namespace", space);
        Assert.DoesNotContain((await cluster.Client.CoreV1.ListNamespacedSecretAsync(space)).Items, each => each.Type != "kubernetes.io/service-account-token");
        Assert.Empty((await cluster.Client.CoordinationV1.ListNamespacedLeaseAsync(space)).Items);
    }

    private async Task ApplyOlderDefinitionsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-definitions-");
        try
        {
            foreach (var file in Directory.GetFiles(RepositoryRoot.Path("crds", "without-rules"), "*.yaml"))
            {
                var text = await File.ReadAllTextAsync(file);
                await File.WriteAllTextAsync(Path.Combine(folder.FullName, Path.GetFileName(file)), text.Replace("SfuCluster is one fleet", "An older text. SfuCluster is one fleet", StringComparison.Ordinal));
            }

            await KubectlAsync("apply", "--server-side", "-f", folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<string> DescriptionAsync() =>
        (await cluster.Client.ApiextensionsV1.ReadCustomResourceDefinitionAsync("sfuclusters.sfu.buildit.network")).Spec.Versions[0].Schema.OpenAPIV3Schema.Description;

    private Task<string> InstallAsync(params string[] arguments) =>
        HelmAsync(["upgrade", "--install", "buildit-sfu", HelmChart.Folder, "--namespace", System, "--create-namespace", .. arguments]);

    private Task<string> UninstallAsync() => HelmAsync("uninstall", "buildit-sfu", "--namespace", System);

    private Task<string> HelmAsync(params string[] arguments) => RunAsync("helm", arguments);

    private Task<string> KubectlAsync(params string[] arguments) => RunAsync("kubectl", arguments);

    private async Task<string> RunAsync(string tool, string[] arguments)
    {
        var tools = (await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Timeout)).Trim();
        return await ChildProcess.RunAsync(Path.Combine(tools, tool), arguments, Timeout, new Dictionary<string, string?> { ["KUBECONFIG"] = cluster.KubeconfigPath });
    }
}
