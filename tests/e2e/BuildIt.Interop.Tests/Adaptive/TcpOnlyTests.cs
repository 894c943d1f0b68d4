using BuildIt.Interop.Tests.Browser;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>A network that lets no UDP through: media goes over ICE-TCP (RFC 6544).</summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class TcpOnlyTests(ConferenceFixture conference)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Media_flows_over_tcp_where_udp_is_blocked(bool single)
    {
        await using var meeting = conference.NewMeeting();
        var blocked = MediaRoute.Script(FreePort.NextUdp(), tcp: true);
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single }, initialScript: blocked);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single });
        await alice.PublishAsync(width: 320, height: 180);
        await bob.PublishAsync(width: 320, height: 180);
        await alice.SeesAndHearsAsync(["bob"], TimeSpan.FromSeconds(40));
        await bob.SeesAndHearsAsync(["alice"], TimeSpan.FromSeconds(40));
    }
}
