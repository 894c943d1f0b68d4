using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;

namespace BuildIt.Sfu.Node.Relays;

/// <summary>
/// What this node shows other nodes, and whom it believes, as <see cref="RelayIdentity"/> says: what authorities of the fleet and of
/// linked ones have signed, or without an operator exactly the certificates that the route names. Files are read again when they
/// change. Thread-safe.
/// </summary>
public sealed class RelayCertificates(NodeSettings settings, TimeProvider time)
{
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Of a certificate that the node makes itself, and that lives as long as its process.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);

    private readonly Lock _lock = new();
    private X509Certificate2? _current;
    private DateTime _readAt;

    private string? Directory => settings.ControlTlsDirectory is { } directory && File.Exists(Path.Combine(directory, RelayFiles.Certificate)) ? directory : null;

    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            if (Directory is not { } directory)
            {
                return _current ??= MakeOwn();
            }

            var changed = File.GetLastWriteTimeUtc(Path.Combine(directory, RelayFiles.Certificate));
            if (_current is null || changed != _readAt)
            {
                using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(directory, RelayFiles.Certificate), Path.Combine(directory, RelayFiles.Key));
                _current = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
                _readAt = changed;
            }

            return _current;
        }
    }

    /// <summary>SHA-256 of <see cref="Current"/>, as heartbeats and routes have it.</summary>
    public string Fingerprint() => FingerprintOf(Current());

    /// <summary>Whether somebody who shows this certificate is the node that has the seat.</summary>
    public bool IsOf(RoomSeat seat, X509Certificate2? shown)
    {
        ArgumentNullException.ThrowIfNull(seat);
        if (shown is null)
        {
            return false;
        }

        if (Directory is not { } directory)
        {
            return seat.RelayFingerprint is { Length: > 0 } expected && FingerprintOf(shown).Equals(expected, StringComparison.OrdinalIgnoreCase);
        }

        if (!shown.MatchesHostname(RelayIdentity.Name) || !Names(shown).Contains(RelayIdentity.FleetUri(settings.Namespace, seat.Cluster)))
        {
            return false;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(Path.Combine(directory, RelayFiles.Authorities));
        return authorities.Any(authority => IsSigned(shown, authority));
    }

    /// <summary>Each authority by itself: those of two fleets may bear the same name, and a chain is built by names.</summary>
    private static bool IsSigned(X509Certificate2 shown, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(ClientAuthentication);
        return chain.Build(shown);
    }

    private static string FingerprintOf(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>URIs among the subject alternative names (RFC 5280 section 4.2.1.6).</summary>
    private static IEnumerable<string> Names(X509Certificate2 certificate)
    {
        const int Uri = 6;
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == "2.5.29.17"))
        {
            var reader = new System.Formats.Asn1.AsnReader(extension.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
            {
                var tag = reader.PeekTag();
                if (tag is { TagClass: System.Formats.Asn1.TagClass.ContextSpecific, TagValue: Uri })
                {
                    yield return reader.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, tag);
                }
                else
                {
                    reader.ReadEncodedValue();
                }
            }
        }
    }

    private X509Certificate2 MakeOwn()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={RelayIdentity.Name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(RelayIdentity.Name);
        names.AddUri(new Uri(RelayIdentity.FleetUri(settings.Namespace, settings.Cluster)));
        request.CertificateExtensions.Add(names.Build());
        var now = time.GetUtcNow();
        using var made = request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Lifetime);
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
