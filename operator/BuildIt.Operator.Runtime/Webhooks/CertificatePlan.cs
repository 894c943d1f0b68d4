using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BuildIt.Operator.Runtime.Webhooks;

/// <summary>How long certificates live and when they are replaced.</summary>
public sealed record CertificateLifetimes
{
    public TimeSpan Authority { get; init; } = TimeSpan.FromDays(730);

    /// <summary>A CA with less than this left is followed by a new one. More than the life of a server certificate.</summary>
    public TimeSpan RenewAuthorityBefore { get; init; } = TimeSpan.FromDays(180);

    public TimeSpan Server { get; init; } = TimeSpan.FromDays(90);

    /// <summary>A server certificate with less than this left is replaced.</summary>
    public TimeSpan RenewServerBefore { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>
/// Decides what the shared certificates should be. A new CA is first only added to those that are trusted; it signs once
/// the API server has been told to trust it, so that no call fails in between.
/// </summary>
public static class CertificatePlan
{
    /// <summary>Clocks of other machines may be behind by this much.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>The bundle to store instead of <paramref name="current"/>, or null when it is good as it is.</summary>
    /// <param name="current">What is stored; null when nothing usable is.</param>
    /// <param name="published">The CA certificates that the API server has been told to trust; null when unknown or none.</param>
    /// <param name="names">DNS names and IP addresses of the server.</param>
    /// <param name="lifetimes">How long certificates live.</param>
    /// <param name="now">The time.</param>
    public static CertificateBundle? Next(
        CertificateBundle? current, string? published, IReadOnlyList<string> names, CertificateLifetimes lifetimes, DateTimeOffset now)
    {
        if (current is null)
        {
            return Fresh(names, lifetimes, now);
        }

        using var authority = X509Certificate2.CreateFromPem(current.SigningAuthority, current.AuthorityKey);
        using var server = current.Open();
        if (now >= authority.NotAfter.ToUniversalTime() || (now >= server.NotAfter.ToUniversalTime() && !IsIssuedBy(server, authority)))
        {
            // Slept through everything; nothing left can be trusted.
            return Fresh(names, lifetimes, now);
        }

        if (authority.NotAfter.ToUniversalTime() - now < lifetimes.RenewAuthorityBefore && IsIssuedBy(server, authority))
        {
            using var next = MakeAuthority(lifetimes, now, out var nextKey);
            return current with { Authorities = next.ExportCertificatePem() + "\n" + current.SigningAuthority + "\n", AuthorityKey = nextKey };
        }

        var isStaged = !IsIssuedBy(server, authority);
        if (isStaged)
        {
            return published?.Contains(current.SigningAuthority.Trim(), StringComparison.Ordinal) == true
                ? Issue(current, authority, names, lifetimes, now)
                : null;
        }

        return server.NotAfter.ToUniversalTime() - now < lifetimes.RenewServerBefore || !HasNames(server, names)
            ? Issue(current, authority, names, lifetimes, now)
            : null;
    }

    private static CertificateBundle Fresh(IReadOnlyList<string> names, CertificateLifetimes lifetimes, DateTimeOffset now)
    {
        using var authority = MakeAuthority(lifetimes, now, out var key);
        var empty = new CertificateBundle(authority.ExportCertificatePem() + "\n", key, string.Empty, string.Empty);
        return Issue(empty, authority, names, lifetimes, now);
    }

    private static X509Certificate2 MakeAuthority(CertificateLifetimes lifetimes, DateTimeOffset now, out string keyPem)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // The name differs from CA to CA, or a verifier could pick the wrong one of two.
        var request = new CertificateRequest($"CN=buildit-sfu webhook CA {now:yyyyMMddHHmmss}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        keyPem = key.ExportPkcs8PrivateKeyPem();
        return request.CreateSelfSigned(now - ClockSkew, now + lifetimes.Authority);
    }

    private static CertificateBundle Issue(
        CertificateBundle bundle, X509Certificate2 authority, IReadOnlyList<string> names, CertificateLifetimes lifetimes, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=buildit-sfu webhook", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        var end = Min(now + lifetimes.Server, authority.NotAfter.ToUniversalTime());
        var start = Max(now - ClockSkew, authority.NotBefore.ToUniversalTime());
        var signer = authority.HasPrivateKey ? authority : null;
        using var signing = signer is null ? X509Certificate2.CreateFromPem(bundle.SigningAuthority, bundle.AuthorityKey) : null;
        using var certificate = request.Create(signer ?? signing!, start, end, serial);
        return bundle with { Certificate = certificate.ExportCertificatePem() + "\n", Key = key.ExportPkcs8PrivateKeyPem() };
    }

    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData)
        && certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } identifier
        && authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } subject
        && identifier.Span.SequenceEqual(subject.SubjectKeyIdentifierBytes.Span);

    private static bool HasNames(X509Certificate2 certificate, IReadOnlyList<string> names)
    {
        var has = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return has is not null
            && has.EnumerateDnsNames().Concat(has.EnumerateIPAddresses().Select(a => a.ToString())).ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(names);
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
