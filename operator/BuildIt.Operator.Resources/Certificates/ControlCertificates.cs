using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Certificates;

/// <summary>
/// The certificates by which operator and nodes know each other, and nodes other nodes. Each fleet has an authority of its own, so that
/// a node of one can say nothing to a node of another, unless a RegionLink joins them: then each fleet's nodes also believe the other's
/// authority, on links and nowhere else. Nodes get their certificates and the authorities', never a key of these.
/// </summary>
public static class ControlCertificates
{
    public const string CertificateFile = "tls.crt";
    public const string KeyFile = "tls.key";
    public const string AuthorityFile = "ca.crt";

    /// <summary>In the authority's secret only.</summary>
    public const string AuthorityKeyFile = "ca.key";

    // RFC 5280, section 4.2.1.12: the purpose tells a server's certificate from a client's, so neither side can play the other. On a link
    // either end may be the one that opens it.
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);
    private static readonly TimeSpan LeafLife = TimeSpan.FromDays(90);

    // Clocks differ; a certificate that is not valid yet is refused like one that is forged.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The two secrets as they should be: those that exist while they are good for a third of their life, else new ones. A new
    /// node certificate is signed by the authority there is, so a renewal disturbs nobody.
    /// </summary>
    /// <param name="cluster">The fleet.</param>
    /// <param name="authority">Its authority's secret; null when there is none.</param>
    /// <param name="node">Its nodes' secret; null when there is none.</param>
    /// <param name="now">The time.</param>
    /// <param name="linked">Authority secrets of the fleets that RegionLinks join to it, in a stable order.</param>
    public static ControlSecrets Plan(
        SfuCluster cluster, V1Secret? authority, V1Secret? node, DateTimeOffset now, IReadOnlyList<V1Secret>? linked = null)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        using var known = authority is null ? null : LoadAuthority(authority, now);
        using var issuer = known ?? NewAuthority(cluster, now);
        var keepAuthority = known is not null && IsGood(authority!, issuer, ControlIdentity.Operator, now);
        var keepNode = known is not null && node is not null ? node : null;
        var keepControl = keepNode is not null && IsGood(keepNode, issuer, ControlIdentity.Node, now);
        var keepRelay = keepNode is not null && IsGood(keepNode, issuer, RelayIdentity.Name, now, RelayFiles.Certificate, RelayFiles.Key)
            && IsOf(keepNode, RelayFiles.Certificate, cluster);
        var authorities = string.Concat([issuer.ExportCertificatePem() + "\n", .. (linked ?? []).Select(PemOf).OfType<string>()]);
        var keepAll = keepControl && keepRelay && Text(keepNode!, RelayFiles.Authorities) == authorities;
        return new ControlSecrets(
            keepAuthority ? authority! : AuthoritySecret(cluster, issuer, now),
            keepAll ? node! : NodeSecret(cluster, issuer, keepControl ? node : null, keepRelay ? node : null, authorities, now),
            Changed: !keepAuthority || !keepAll,
            now + (LeafLife / 3));
    }

    private static X509Certificate2? LoadAuthority(V1Secret secret, DateTimeOffset now)
    {
        if (Text(secret, AuthorityFile) is not { } certificate || Text(secret, AuthorityKeyFile) is not { } key)
        {
            return null;
        }

        try
        {
            var loaded = X509Certificate2.CreateFromPem(certificate, key);
            if (now < loaded.NotAfter.ToUniversalTime() - (AuthorityLife / 10))
            {
                return loaded;
            }

            loaded.Dispose();
            return null;
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Whether a node secret makes nodes believe a fleet's authority on links.</summary>
    /// <param name="node">The node secret of one fleet.</param>
    /// <param name="authority">The authority secret of the other.</param>
    public static bool Believes(V1Secret node, V1Secret authority)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(authority);
        return Text(node, RelayFiles.Authorities) is { } believed && PemOf(authority) is { } pem && believed.Contains(pem, StringComparison.Ordinal);
    }

    /// <summary>A digest of the authorities that a node secret makes nodes believe on links; null when it is their own fleet's alone.</summary>
    public static string? LinkedDigest(V1Secret node)
    {
        ArgumentNullException.ThrowIfNull(node);
        const string Begin = "-----BEGIN CERTIFICATE-----";
        return Text(node, RelayFiles.Authorities) is { } believed && believed.IndexOf(Begin, StringComparison.Ordinal) < believed.LastIndexOf(Begin, StringComparison.Ordinal)
            ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(believed)).AsSpan(0, 8))
            : null;
    }

    // Read and written again, so that nothing but a certificate comes over: what one fleet's secret holds is mounted by the other.
    private static string? PemOf(V1Secret secret)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(Text(secret, AuthorityFile));
            return certificate.ExportCertificatePem() + "\n";
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static bool IsOf(V1Secret secret, string file, SfuCluster cluster)
    {
        using var certificate = X509Certificate2.CreateFromPem(Text(secret, file));
        return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names =>
            Encoding.Latin1.GetString(names.RawData).Contains(FleetUriOf(cluster), StringComparison.Ordinal));
    }

    private static string FleetUriOf(SfuCluster cluster) => RelayIdentity.FleetUri(cluster.Metadata.NamespaceProperty, cluster.Metadata.Name);

    private static bool IsGood(
        V1Secret secret, X509Certificate2 authority, string name, DateTimeOffset now, string certificateFile = CertificateFile, string keyFile = KeyFile)
    {
        if (Text(secret, certificateFile) is not { } pem || Text(secret, keyFile) is not { } key
            || Text(secret, AuthorityFile)?.Trim() != authority.ExportCertificatePem().Trim())
        {
            return false;
        }

        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem, key);
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationTime = now.UtcDateTime;
            return certificate.MatchesHostname(name)
                && now < certificate.NotAfter.ToUniversalTime() - (LeafLife / 3)
                && chain.Build(certificate);
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static X509Certificate2 NewAuthority(SfuCluster cluster, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject($"{cluster.Metadata.NamespaceProperty}/{cluster.Metadata.Name}"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now - ClockSkew, now + AuthorityLife);
    }

    private static V1Secret AuthoritySecret(SfuCluster cluster, X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = authority.GetECDsaPrivateKey()!;
        var data = Leaf(authority, ControlIdentity.Operator, null, [ClientPurpose], now);
        data[AuthorityKeyFile] = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem());
        return Secret(cluster, ResourceNames.ControlAuthoritySecret(cluster.Metadata.Name), data);
    }

    private static V1Secret NodeSecret(
        SfuCluster cluster, X509Certificate2 authority, V1Secret? control, V1Secret? relay, string authorities, DateTimeOffset now)
    {
        var data = control is not null
            ? Files(control, CertificateFile, KeyFile, AuthorityFile)
            : Leaf(authority, ControlIdentity.Node, null, [ServerPurpose], now);
        var link = relay is not null
            ? Files(relay, RelayFiles.Certificate, RelayFiles.Key)
            : Leaf(authority, RelayIdentity.Name, FleetUriOf(cluster), [ServerPurpose, ClientPurpose], now);
        data[RelayFiles.Certificate] = link.GetValueOrDefault(RelayFiles.Certificate) ?? link[CertificateFile];
        data[RelayFiles.Key] = link.GetValueOrDefault(RelayFiles.Key) ?? link[KeyFile];
        data[RelayFiles.Authorities] = Encoding.ASCII.GetBytes(authorities);
        return Secret(cluster, ResourceNames.ControlNodeSecret(cluster.Metadata.Name), data);
    }

    private static Dictionary<string, byte[]> Files(V1Secret secret, params string[] names) =>
        names.ToDictionary(name => name, name => secret.Data[name], StringComparer.Ordinal);

    private static Dictionary<string, byte[]> Leaf(X509Certificate2 authority, string name, string? uri, IReadOnlyList<string> purposes, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject(name), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (uri is not null)
        {
            names.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(Oids(purposes), false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        using var certificate = request.Create(authority, now - ClockSkew, now + LeafLife, serial);
        return new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            [CertificateFile] = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"),
            [KeyFile] = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"),
            [AuthorityFile] = Encoding.ASCII.GetBytes(authority.ExportCertificatePem() + "\n"),
        };
    }

    private static OidCollection Oids(IReadOnlyList<string> values)
    {
        var oids = new OidCollection();
        foreach (var value in values)
        {
            oids.Add(new Oid(value));
        }

        return oids;
    }

    private static X500DistinguishedName Subject(string name)
    {
        var builder = new X500DistinguishedNameBuilder();

        // RFC 5280, appendix A.1: a common name has at most 64 characters. Nobody reads this one.
        builder.AddCommonName(name.Length <= 64 ? name : name[..64]);
        return builder.Build();
    }

    private static V1Secret Secret(SfuCluster cluster, string name, Dictionary<string, byte[]> data) => new()
    {
        ApiVersion = V1Secret.KubeApiVersion,
        Kind = V1Secret.KubeKind,
        Type = "Opaque",
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = cluster.Metadata.NamespaceProperty,
            Labels = ResourceLabels.OfFleet(cluster),
            OwnerReferences = [Owners.Controller(cluster)],
        },
        Data = data,
    };

    private static string? Text(V1Secret secret, string file) =>
        secret.Data is { } data && data.TryGetValue(file, out var bytes) ? Encoding.ASCII.GetString(bytes) : null;
}

/// <summary>The secrets of a fleet's control connections.</summary>
/// <param name="Authority">For the operator alone.</param>
/// <param name="Node">Mounted by every node.</param>
/// <param name="Changed">At least one has to be written.</param>
/// <param name="LookAgainAt">When to plan again, at the latest.</param>
public sealed record ControlSecrets(V1Secret Authority, V1Secret Node, bool Changed, DateTimeOffset LookAgainAt);
