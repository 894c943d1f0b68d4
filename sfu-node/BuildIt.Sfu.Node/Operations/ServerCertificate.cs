using System.Security.Cryptography.X509Certificates;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>
/// A server certificate and its key in a mounted Secret (<c>tls.crt</c>, <c>tls.key</c>), read again when the file changes, so
/// that a rotated certificate needs no restart. Thread-safe.
/// </summary>
public sealed class ServerCertificate(string directory)
{
    private readonly Lock _lock = new();
    private DateTime _readAt;
    private X509Certificate2? _certificate;

    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            var changed = File.GetLastWriteTimeUtc(Path.Combine(directory, "tls.crt"));
            if (_certificate is null || changed != _readAt)
            {
                using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(directory, "tls.crt"), Path.Combine(directory, "tls.key"));

                // A key that is only in memory cannot be used by every TLS implementation; PKCS#12 can.
                _certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
                _readAt = changed;
            }

            return _certificate;
        }
    }
}
