using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BuildIt.Operator.Runtime.Webhooks;

/// <summary>
/// A certificate authority of our own and a server certificate, as a Secret holds them. Printing it shows no key.
/// </summary>
/// <param name="Authorities">CA certificates in PEM; the first one signs, later ones are still trusted.</param>
/// <param name="AuthorityKey">Private key of the first CA in PEM (PKCS 8).</param>
/// <param name="Certificate">Server certificate in PEM.</param>
/// <param name="Key">Private key of the server certificate in PEM (PKCS 8).</param>
public sealed record CertificateBundle(string Authorities, string AuthorityKey, string Certificate, string Key)
{
    public const string AuthoritiesEntry = "ca.crt";
    public const string AuthorityKeyEntry = "ca.key";
    public const string CertificateEntry = "tls.crt";
    public const string KeyEntry = "tls.key";

    /// <summary>The entries of the Secret.</summary>
    public IDictionary<string, byte[]> ToSecretData() => new Dictionary<string, byte[]>
    {
        [AuthoritiesEntry] = System.Text.Encoding.ASCII.GetBytes(Authorities),
        [AuthorityKeyEntry] = System.Text.Encoding.ASCII.GetBytes(AuthorityKey),
        [CertificateEntry] = System.Text.Encoding.ASCII.GetBytes(Certificate),
        [KeyEntry] = System.Text.Encoding.ASCII.GetBytes(Key),
    };

    /// <summary>Reads the entries of a Secret; null when they are missing or do not fit together.</summary>
    public static CertificateBundle? FromSecretData(IDictionary<string, byte[]>? data)
    {
        string? Text(string entry) => data?.TryGetValue(entry, out var bytes) == true ? System.Text.Encoding.ASCII.GetString(bytes) : null;
        if (Text(AuthoritiesEntry) is not { } authorities || Text(AuthorityKeyEntry) is not { } authorityKey
            || Text(CertificateEntry) is not { } certificate || Text(KeyEntry) is not { } key)
        {
            return null;
        }

        var bundle = new CertificateBundle(authorities, authorityKey, certificate, key);
        try
        {
            using var authority = X509Certificate2.CreateFromPem(FirstOf(authorities), authorityKey);
            using var server = bundle.Open();
            return authority.HasPrivateKey && server.HasPrivateKey ? bundle : null;
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The server certificate with its key. The caller disposes of it.</summary>
    public X509Certificate2 Open() => X509Certificate2.CreateFromPem(Certificate, Key);

    /// <summary>The signing CA's certificate alone.</summary>
    public string SigningAuthority => FirstOf(Authorities);

    public override string ToString() => nameof(CertificateBundle);

    private static string FirstOf(string pem) => PemEncoding.TryFind(pem, out var fields) ? pem[fields.Location] : pem;
}
