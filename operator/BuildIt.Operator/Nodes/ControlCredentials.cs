using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BuildIt.Operator.Resources.Certificates;
using k8s.Models;

namespace BuildIt.Operator.Nodes;

/// <summary>By what the operator shows itself to the nodes of one fleet, and by what it knows them.</summary>
internal sealed class ControlCredentials : IDisposable
{
    private static readonly Oid ServerPurpose = new("1.3.6.1.5.5.7.3.1");

    private readonly X509Certificate2 _client;
    private readonly X509Certificate2 _authority;

    private ControlCredentials(X509Certificate2 client, X509Certificate2 authority)
    {
        _client = client;
        _authority = authority;
    }

    /// <summary>Reads the fleet's authority secret; null when it is damaged.</summary>
    public static ControlCredentials? From(V1Secret secret)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPem(Text(secret, ControlCertificates.CertificateFile), Text(secret, ControlCertificates.KeyFile));

            // A key that is only in memory cannot be used by every TLS implementation; PKCS#12 can.
            return new ControlCredentials(
                X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null),
                X509Certificate2.CreateFromPem(Text(secret, ControlCertificates.AuthorityFile)));
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The fleet's own authority is the only one trusted; the name is checked by the handshake.</summary>
    public SslClientAuthenticationOptions ClientOptions()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        policy.ApplicationPolicy.Add(ServerPurpose);
        return new SslClientAuthenticationOptions
        {
            ClientCertificates = [_client],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => _client,
            CertificateChainPolicy = policy,
            EnabledSslProtocols = System.Security.Authentication.SslProtocols.None,
        };
    }

    public void Dispose()
    {
        _client.Dispose();
        _authority.Dispose();
    }

    private static string Text(V1Secret secret, string file) =>
        secret.Data is { } data && data.TryGetValue(file, out var bytes) ? Encoding.ASCII.GetString(bytes) : string.Empty;
}
