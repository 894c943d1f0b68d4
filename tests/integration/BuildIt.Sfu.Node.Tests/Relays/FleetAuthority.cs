using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Tests.Relays;

/// <summary>A fleet's certificate authority, and what it makes for nodes and the operator.</summary>
internal sealed class FleetAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("buildit-authority-");
    private readonly string _ns;

    public FleetAuthority(string ns)
    {
        _ns = ns;
        var request = new CertificateRequest("CN=tests authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>What a node of a fleet has mounted.</summary>
    /// <param name="cluster">Its fleet.</param>
    /// <param name="believed">Authorities of linked fleets.</param>
    public string MakeNodeFolder(string cluster, params FleetAuthority[] believed)
    {
        var folder = _folder.CreateSubdirectory(Guid.NewGuid().ToString("N")).FullName;
        Write(folder, "tls.crt", "tls.key", Issue(ControlIdentity.Node, null));
        Write(folder, RelayFiles.Certificate, RelayFiles.Key, Issue(RelayIdentity.Name, RelayIdentity.FleetUri(_ns, cluster)));
        File.WriteAllText(Path.Combine(folder, "ca.crt"), Certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, RelayFiles.Authorities), string.Join('\n', believed.Prepend(this).Select(authority => authority.Certificate.ExportCertificatePem())));
        return folder;
    }

    public X509Certificate2 MakeOperator() => X509CertificateLoader.LoadPkcs12(Issue(ControlIdentity.Operator, null).Export(X509ContentType.Pkcs12), null);

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void Write(string folder, string certificateName, string keyName, X509Certificate2 certificate)
    {
        File.WriteAllText(Path.Combine(folder, certificateName), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, keyName), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private X509Certificate2 Issue(string name, string? uri)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (uri is not null)
        {
            names.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        return request.Create(Certificate, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8)).CopyWithPrivateKey(key);
    }
}
