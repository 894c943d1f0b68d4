using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BuildIt.Testing;

/// <summary>A certificate that nobody vouches for, good for a day.</summary>
public static class SelfSigned
{
    /// <summary>Writes a certificate and its key, both PEM.</summary>
    /// <param name="address">The address it is for.</param>
    /// <param name="certificateFile">Receives the certificate.</param>
    /// <param name="keyFile">Receives the key.</param>
    public static async Task WriteAsync(IPAddress address, string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=buildit.tests", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(certificateFile, certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
