using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Hosting;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>
/// The operator of a test as Kubernetes would know it: a pod in a namespace of its own with the address and port at which it listens, and
/// the service account whose tokens it takes, with what the chart grants that account.
/// </summary>
internal sealed record OperatorPod(string Namespace, Uri Address)
{
    public const string Account = "debug";

    public static async Task<OperatorPod> CreateAsync(FleetWorld world, string prefix = "operator")
    {
        var client = world.Client;
        var ns = (await client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { GenerateName = $"{prefix}-" } })).Metadata.Name;
        await client.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = Account } }, ns);
        await client.RbacAuthorizationV1.CreateNamespacedRoleAsync(
            new V1Role
            {
                Metadata = new V1ObjectMeta { Name = Account },
                Rules = [new V1PolicyRule { ApiGroups = [SfuApi.Group], Resources = [$"{SfuCluster.Plural}/{DebugApi.Subresource}", $"{ConferenceRoom.Plural}/{DebugApi.Subresource}"], Verbs = ["get"] }],
            },
            world.Namespace);
        await client.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding
            {
                Metadata = new V1ObjectMeta { Name = Account },
                RoleRef = new V1RoleRef { ApiGroup = "rbac.authorization.k8s.io", Kind = "Role", Name = Account },
                Subjects = [new Rbacv1Subject { Kind = "ServiceAccount", Name = Account, NamespaceProperty = ns }],
            },
            world.Namespace);
        var port = world.Operator.GetRequiredService<StatusServer>().Port;
        await client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = "operator",
                    Labels = new Dictionary<string, string> { ["app.kubernetes.io/component"] = "operator", ["app.kubernetes.io/part-of"] = "buildit-sfu" },
                    Annotations = new Dictionary<string, string> { [DebugApi.AccountAnnotation] = Account },
                },
                Spec = new V1PodSpec
                {
                    NodeName = world.Kubelet.KubernetesNode,
                    Containers = [new V1Container { Name = "operator", Image = "operator", Ports = [new V1ContainerPort { Name = "http", ContainerPort = port }] }],
                },
            },
            ns);
        var ip = OwnAddress();
        await client.CoreV1.PatchNamespacedPodStatusAsync(
            new V1Patch(JsonSerializer.Serialize(new { status = new { phase = "Running", podIP = ip, podIPs = new[] { new { ip } } } }), V1Patch.PatchType.MergePatch), "operator", ns);
        return new OperatorPod(ns, new Uri($"http://{ip}:{port}"));
    }

    /// <summary>A token of the account.</summary>
    public async Task<string> TokenAsync(FleetWorld world, string audience = DebugApi.Audience, string account = Account) =>
        (await world.Client.CoreV1.CreateNamespacedServiceAccountTokenAsync(
            new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [audience], ExpirationSeconds = 600 } }, account, Namespace)).Status.Token;

    // The API server does not pass requests on to a loopback address.
    private static string OwnAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(each => each.OperationalStatus is OperationalStatus.Up && each.NetworkInterfaceType is not NetworkInterfaceType.Loopback)
        .SelectMany(each => each.GetIPProperties().UnicastAddresses)
        .First(each => each.Address.AddressFamily is AddressFamily.InterNetwork).Address.ToString();
}
