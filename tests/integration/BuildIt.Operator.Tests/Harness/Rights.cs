using System.Text;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Gives the operator a service account with exactly the rights that its rbac.yaml names, so that every test proves them enough.</summary>
internal static class Rights
{
    private const string Account = "operator";

    /// <summary>Makes the account and returns a token for it.</summary>
    public static async Task<string> GrantAsync(IKubernetes client, string ns)
    {
        var rights = Read();
        await client.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = Account } }, ns);
        await client.RbacAuthorizationV1.CreateNamespacedRoleAsync(
            new V1Role { Metadata = new V1ObjectMeta { Name = Account }, Rules = [.. rights["watched"].Concat(rights["own"])] }, ns);
        await client.RbacAuthorizationV1.CreateNamespacedRoleBindingAsync(
            new V1RoleBinding { Metadata = new V1ObjectMeta { Name = Account }, RoleRef = Role("Role", Account), Subjects = [Subject(ns)] }, ns);
        await client.RbacAuthorizationV1.CreateClusterRoleAsync(new V1ClusterRole { Metadata = new V1ObjectMeta { Name = ns }, Rules = rights["cluster"] });
        await client.RbacAuthorizationV1.CreateClusterRoleBindingAsync(
            new V1ClusterRoleBinding { Metadata = new V1ObjectMeta { Name = ns }, RoleRef = Role("ClusterRole", ns), Subjects = [Subject(ns)] });
        var token = await client.CoreV1.CreateNamespacedServiceAccountTokenAsync(
            new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [], ExpirationSeconds = 3600 } }, Account, ns);
        return token.Status.Token;
    }

    /// <summary>How that account reaches the API server.</summary>
    public static KubernetesClientConfiguration ConfigurationOf(KubernetesCluster cluster, string token)
    {
        var admin = cluster.ClientConfiguration();
        return new KubernetesClientConfiguration
        {
            Host = admin.Host,
            SslCaCerts = admin.SslCaCerts,
            SkipTlsVerify = admin.SkipTlsVerify,
            AccessToken = token,
        };
    }

    /// <summary>The same as a kubeconfig.</summary>
    public static string KubeconfigOf(KubernetesCluster cluster, string token)
    {
        var admin = cluster.ClientConfiguration();
        var authorities = string.Concat(admin.SslCaCerts.Select(authority => authority.ExportCertificatePem() + "\n"));
        return $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: tests
              cluster:
                server: {admin.Host}
                certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(authorities))}
            users:
            - name: operator
              user:
                token: {token}
            contexts:
            - name: tests
              context:
                cluster: tests
                user: operator
            current-context: tests
            """;
    }

    private static Dictionary<string, List<V1PolicyRule>> Read() => new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build()
        .Deserialize<Dictionary<string, List<V1PolicyRule>>>(File.ReadAllText(RepositoryRoot.Path("operator", "BuildIt.Operator", "rbac.yaml")));

    private static V1RoleRef Role(string kind, string name) => new() { ApiGroup = "rbac.authorization.k8s.io", Kind = kind, Name = name };

    private static Rbacv1Subject Subject(string ns) => new() { Kind = "ServiceAccount", Name = Account, NamespaceProperty = ns };
}
