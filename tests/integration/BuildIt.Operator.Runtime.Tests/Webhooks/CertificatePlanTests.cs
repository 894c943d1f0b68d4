using System.Security.Cryptography.X509Certificates;
using BuildIt.Operator.Runtime.Webhooks;

namespace BuildIt.Operator.Runtime.Tests.Webhooks;

public sealed class CertificatePlanTests
{
    private static readonly string[] Names = ["webhook.sfu.svc", "127.0.0.1"];
    private static readonly CertificateLifetimes Lifetimes = new();
    private static readonly DateTimeOffset Start = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_certificates_are_good_and_stay()
    {
        var bundle = Plan(null, null, Start)!;

        Assert.Null(Plan(bundle, null, Start));
        Assert.Null(Plan(bundle, bundle.Authorities, Start.AddDays(59)));
        Assert.True(Trusts(bundle.Authorities, bundle, Start.AddDays(59)));
        using var server = bundle.Open();
        Assert.True(server.MatchesHostname("webhook.sfu.svc"));
    }

    [Fact]
    public void A_server_certificate_is_replaced_before_it_expires()
    {
        var bundle = Plan(null, null, Start)!;
        var next = Plan(bundle, bundle.Authorities, Start.AddDays(61))!;

        Assert.Equal(bundle.Authorities, next.Authorities);
        Assert.NotEqual(bundle.Certificate, next.Certificate);
        Assert.True(Trusts(bundle.Authorities, next, Start.AddDays(149)));
    }

    [Fact]
    public void Other_names_need_another_certificate()
    {
        var bundle = Plan(null, null, Start)!;

        Assert.NotNull(CertificatePlan.Next(bundle, null, ["other.svc"], Lifetimes, Start));
    }

    [Fact]
    public void A_new_authority_signs_only_when_it_is_trusted_everywhere()
    {
        var old = Plan(null, null, Start)!;
        var late = Start.AddDays(560);
        old = Plan(old, old.Authorities, Start.AddDays(545)) ?? old;
        var staged = Plan(old, old.Authorities, late)!;

        Assert.Contains(old.SigningAuthority, staged.Authorities, StringComparison.Ordinal);
        Assert.Equal(old.Certificate, staged.Certificate);
        Assert.Null(Plan(staged, old.Authorities, late));

        var signed = Plan(staged, staged.Authorities, late)!;
        Assert.True(Trusts(staged.Authorities, signed, late));
        Assert.False(Trusts(old.SigningAuthority, signed, late));
    }

    [Fact]
    public void Every_call_is_trusted_through_ten_years_of_rotation()
    {
        CertificateBundle? bundle = null;
        string? published = null;
        for (var day = 0; day < 3650; day += 10)
        {
            var now = Start.AddDays(day);
            while (Plan(bundle, published, now) is { } next)
            {
                // Between storing and publishing, a replica may already show the new certificate.
                if (published is not null)
                {
                    Assert.True(Trusts(published, next, now), $"day {day}");
                }

                bundle = next;
                published ??= next.Authorities;
                if (published == next.Authorities)
                {
                    continue;
                }

                published = next.Authorities;
            }

            published = bundle!.Authorities;
            Assert.True(Trusts(published, bundle, now), $"day {day}");
        }
    }

    [Fact]
    public void Rubbish_in_the_secret_counts_as_nothing()
    {
        Assert.Null(CertificateBundle.FromSecretData(null));
        var data = Plan(null, null, Start)!.ToSecretData();
        Assert.NotNull(CertificateBundle.FromSecretData(data));
        data[CertificateBundle.KeyEntry] = "rubbish"u8.ToArray();
        Assert.Null(CertificateBundle.FromSecretData(data));
    }

    [Fact]
    public void After_a_sleep_through_everything_all_is_made_anew()
    {
        var bundle = Plan(null, null, Start)!;
        var next = Plan(bundle, bundle.Authorities, Start.AddYears(20))!;

        Assert.True(Trusts(next.Authorities, next, Start.AddYears(20)));
    }

    private static CertificateBundle? Plan(CertificateBundle? current, string? published, DateTimeOffset now) =>
        CertificatePlan.Next(current, published, Names, Lifetimes, now);

    private static bool Trusts(string authorities, CertificateBundle bundle, DateTimeOffset now)
    {
        using var server = bundle.Open();
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(server);
    }
}
