using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// The node's server certificate and the authority that operators are checked against, from a mounted Secret.
/// Files are read again when they change, so that a rotated certificate needs no restart. Thread-safe.
/// </summary>
public sealed class ControlCertificates(string directory)
{
    private readonly ServerCertificate _server = new(directory);

    public void Configure(HttpsConnectionAdapterOptions options)
    {
        options.ServerCertificateSelector = (_, _) => _server.Current();
        options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        options.ClientCertificateValidation = (certificate, _, errors) => IsOperator(certificate, errors);
    }

    /// <summary>True for a certificate of our own authority that carries the operator's name.</summary>
    internal bool IsOperator(X509Certificate2 certificate, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) || !certificate.MatchesHostname(ControlIdentity.Operator))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    }

    private X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(directory, "ca.crt"));
        return authorities;
    }
}
