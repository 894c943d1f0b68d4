using BuildIt.Sfu.Crypto.Dtls;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Dtls;

/// <summary>What silent or hostile peers can cost.</summary>
public sealed class HandshakeLimitTests
{
    [Fact]
    public void Silent_peers_fail_in_time_and_those_too_many_at_once()
    {
        using var certificate = DtlsCertificate.Generate(TimeProvider.System);
        var factory = new DtlsSessionFactory(
            certificate,
            new DtlsOptions { MaxConcurrentHandshakes = 2, MaxWaitingHandshakes = 3, HandshakeTimeout = TimeSpan.FromMilliseconds(400) });
        var sessions = Enumerable.Range(0, 20).Select(_ => factory.Create(DtlsRole.Server, null)).ToList();
        foreach (var session in sessions)
        {
            session.Start(certificate.Fingerprint);
            session.Poll();
        }

        var refused = sessions.Count(static s => s.State == DtlsState.Failed);
        Assert.InRange(refused, 15, 17);

        Assert.True(SpinWait.SpinUntil(() => sessions.TrueForAll(IsOver), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_flood_of_bytes_into_a_handshake_is_bounded_and_ends_in_failure()
    {
        using var certificate = DtlsCertificate.Generate(TimeProvider.System);
        var factory = new DtlsSessionFactory(certificate, new DtlsOptions { HandshakeTimeout = TimeSpan.FromMilliseconds(500) });
        using var session = factory.Create(DtlsRole.Server, null);
        session.Start(certificate.Fingerprint);
        var random = new Random(1);
        var datagram = new byte[1200];
        for (var i = 0; i < 5000; i++)
        {
            random.NextBytes(datagram);
            new byte[] { 22, 0xFE, 0xFD, 0, 0 }.CopyTo(datagram, 0);
            (datagram[11], datagram[12]) = (4, 163);
            session.HandleDatagram(datagram);
        }

        Assert.True(SpinWait.SpinUntil(() => IsOver(session), TimeSpan.FromSeconds(10)));
        Assert.Equal(DtlsState.Failed, session.State);
    }

    private static bool IsOver(IDtlsSession session)
    {
        session.Poll();
        return session.State == DtlsState.Failed;
    }
}
