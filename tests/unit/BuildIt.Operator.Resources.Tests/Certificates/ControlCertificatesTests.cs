using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Tests.Certificates;

public sealed class ControlCertificatesTests
{
    [Fact]
    public void A_new_fleet_gets_both_secrets_and_nodes_never_the_authoritys_key()
    {
        var secrets = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);

        Assert.True(secrets.Changed);
        Assert.Equal(["ca.crt", "tls.crt", "tls.key"], secrets.Node.Data.Keys.Order());
        Assert.Equal(["ca.crt", "ca.key", "tls.crt", "tls.key"], secrets.Authority.Data.Keys.Order());
        Assert.Equal("east", secrets.Node.Metadata.OwnerReferences.Single().Name);
    }

    [Fact]
    public void What_is_good_is_kept()
    {
        var first = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var second = ControlCertificates.Plan(Given.Cluster(), first.Authority, first.Node, Given.Now.AddDays(59));

        Assert.False(second.Changed);
        Assert.Same(first.Node, second.Node);
        Assert.Same(first.Authority, second.Authority);
    }

    [Fact]
    public void Before_they_expire_certificates_are_renewed_under_the_same_authority()
    {
        var first = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var second = ControlCertificates.Plan(Given.Cluster(), first.Authority, first.Node, Given.Now.AddDays(61));

        Assert.True(second.Changed);
        Assert.Equal(first.Node.Data["ca.crt"], second.Node.Data["ca.crt"]);
        Assert.NotEqual(first.Node.Data["tls.crt"], second.Node.Data["tls.crt"]);
    }

    [Theory]
    [InlineData("tls.crt")]
    [InlineData("tls.key")]
    [InlineData("ca.crt")]
    public void What_is_damaged_is_made_anew(string file)
    {
        var first = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var damaged = new V1Secret { Metadata = first.Node.Metadata, Data = new Dictionary<string, byte[]>(first.Node.Data) };
        damaged.Data[file] = "nonsense"u8.ToArray();

        var second = ControlCertificates.Plan(Given.Cluster(), first.Authority, damaged, Given.Now);

        Assert.True(second.Changed);
        Assert.Same(first.Authority, second.Authority);
        Assert.NotEqual(damaged.Data[file], second.Node.Data[file]);
    }

    [Fact]
    public void A_node_of_another_fleet_is_not_believed()
    {
        var mine = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var other = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);

        var mixed = ControlCertificates.Plan(Given.Cluster(), mine.Authority, other.Node, Given.Now);

        Assert.True(mixed.Changed);
        Assert.Equal(mine.Authority.Data["ca.crt"], mixed.Node.Data["ca.crt"]);
    }

    [Fact]
    public async Task Operator_and_node_know_each_other_by_them()
    {
        var secrets = ControlCertificates.Plan(Given.Cluster(), null, null, DateTimeOffset.UtcNow);
        using var authority = X509Certificate2.CreateFromPem(Text(secrets.Node, "ca.crt"));
        using var node = Load(secrets.Node);
        using var caller = Load(secrets.Authority);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var serving = Task.Run(async () =>
        {
            using var connection = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(connection.GetStream());
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = node,
                ClientCertificateRequired = true,
                CertificateChainPolicy = Trust(authority),
            });
            return new X509Certificate2(tls.RemoteCertificate!).MatchesHostname(ControlIdentity.Operator);
        });
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = ControlIdentity.Node,
            ClientCertificates = [caller],
            CertificateChainPolicy = Trust(authority),
        });

        Assert.True(await serving);
    }

    private static X509ChainPolicy Trust(X509Certificate2 authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        return policy;
    }

    private static X509Certificate2 Load(V1Secret secret) => X509Certificate2.CreateFromPem(Text(secret, "tls.crt"), Text(secret, "tls.key"));

    private static string Text(V1Secret secret, string file) => Encoding.ASCII.GetString(secret.Data[file]);
}
