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
        Assert.Equal(["ca.crt", "relay-ca.crt", "relay.crt", "relay.key", "tls.crt", "tls.key"], secrets.Node.Data.Keys.Order());
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
    [InlineData("relay.crt")]
    [InlineData("relay.key")]
    [InlineData("relay-ca.crt")]
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
    public void On_links_a_node_shows_which_fleet_it_is_of()
    {
        var secrets = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        using var certificate = X509Certificate2.CreateFromPem(Text(secrets.Node, RelayFiles.Certificate), Text(secrets.Node, RelayFiles.Key));

        Assert.True(certificate.MatchesHostname(RelayIdentity.Name));
        Assert.False(certificate.MatchesHostname(ControlIdentity.Node));
        var names = Encoding.Latin1.GetString(certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().RawData);
        Assert.Contains(RelayIdentity.FleetUri(Given.Cluster().Metadata.NamespaceProperty, "east"), names, StringComparison.Ordinal);
        var purposes = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages;
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], purposes.Cast<System.Security.Cryptography.Oid>().Select(oid => oid.Value));
    }

    [Fact]
    public void The_fleets_of_a_link_believe_each_other_on_links_and_nowhere_else_and_only_while_there_is_one()
    {
        var mine = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var other = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        Assert.False(ControlCertificates.Believes(mine.Node, other.Authority));

        var linked = ControlCertificates.Plan(Given.Cluster(), mine.Authority, mine.Node, Given.Now, [other.Authority]);

        Assert.True(linked.Changed);
        Assert.True(ControlCertificates.Believes(linked.Node, other.Authority));
        Assert.True(ControlCertificates.Believes(linked.Node, mine.Authority));
        foreach (var file in new[] { "tls.crt", "tls.key", "ca.crt", "relay.crt", "relay.key" })
        {
            Assert.Equal(mine.Node.Data[file], linked.Node.Data[file]);
        }

        Assert.False(ControlCertificates.Plan(Given.Cluster(), linked.Authority, linked.Node, Given.Now, [other.Authority]).Changed);
        var apart = ControlCertificates.Plan(Given.Cluster(), linked.Authority, linked.Node, Given.Now);
        Assert.False(ControlCertificates.Believes(apart.Node, other.Authority));
    }

    [Fact]
    public void What_is_no_certificate_in_the_other_fleets_secret_is_not_taken_over()
    {
        var mine = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var damaged = new V1Secret { Data = new Dictionary<string, byte[]> { ["ca.crt"] = "nonsense"u8.ToArray() } };

        Assert.False(ControlCertificates.Plan(Given.Cluster(), mine.Authority, mine.Node, Given.Now, [damaged]).Changed);
    }

    [Fact]
    public void The_secret_of_a_release_before_links_is_completed_and_its_certificate_stays()
    {
        var mine = ControlCertificates.Plan(Given.Cluster(), null, null, Given.Now);
        var old = new V1Secret { Metadata = mine.Node.Metadata, Data = mine.Node.Data.Where(pair => !pair.Key.StartsWith("relay", StringComparison.Ordinal)).ToDictionary() };

        var completed = ControlCertificates.Plan(Given.Cluster(), mine.Authority, old, Given.Now);

        Assert.True(completed.Changed);
        Assert.Equal(old.Data["tls.crt"], completed.Node.Data["tls.crt"]);
        Assert.Contains(RelayFiles.Certificate, completed.Node.Data.Keys);
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
