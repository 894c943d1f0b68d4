using System.Net;
using BuildIt.Sfu.Media.Ice;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Tests.Ice;

public sealed class IceCandidateTests
{
    [Theory]
    [InlineData("candidate:1 1 udp 2130706431 192.0.2.1 40000 typ host")]
    [InlineData("candidate:1 1 udp 2130706431 2001:db8::1 40000 typ host")]
    [InlineData("candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active")]
    [InlineData("candidate:3 1 udp 1694498815 192.0.2.1 40000 typ srflx raddr 0.0.0.0 rport 0 ufrag abcd")]
    public void A_line_survives_reading_and_writing(string line)
    {
        Assert.True(IceCandidate.TryParse(line, out var candidate));
        Assert.Equal(line, candidate.ToAttribute());
    }

    [Fact]
    public void Chromium_s_extensions_are_passed_over()
    {
        const string Line = "a=candidate:842163049 1 UDP 1677729535 203.0.113.9 46154 typ srflx raddr 10.0.0.7 rport 46154 "
            + "generation 0 ufrag EsAw network-id 1 network-cost 10";
        Assert.True(IceCandidate.TryParse(Line, out var candidate));
        Assert.Equal(IceCandidateType.ServerReflexive, candidate.Type);
        Assert.Equal("EsAw", candidate.Ufrag);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("203.0.113.9"), 46154), candidate.Address.ToEndPoint());
    }

    [Theory]
    [InlineData("")]
    [InlineData("candidate:")]
    [InlineData("candidate:1 1 udp 1 7ca3e9b2-a5e0-4a5f-8c1a-8a5f5b1b3c11.local 9 typ host")]
    [InlineData("candidate:1 2 udp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 sctp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 65536 typ host")]
    [InlineData("candidate:1 1 udp -1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp 1 3221225985 9 typ host")]
    [InlineData("candidate:1 1 udp 1 fe80::1%eth0 9 typ host")]
    [InlineData("candidate:1 1 tcp 1 192.0.2.1 9 typ host")]
    [InlineData("candidate:1 1 udp 1 192.0.2.1 9 typ guest")]
    public void What_is_malformed_or_a_name_is_refused(string line) => Assert.False(IceCandidate.TryParse(line, out _));

    [Fact]
    public void Our_udp_candidate_is_preferred_to_our_tcp_candidate()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, 7882);
        Assert.True(
            IceCandidate.Host(endPoint, TransportProtocol.Udp).Priority > IceCandidate.Host(endPoint, TransportProtocol.Tcp).Priority);
    }

    [Fact]
    public void It_does_not_print_its_address() =>
        Assert.DoesNotContain("127", IceCandidate.Host(new IPEndPoint(IPAddress.Loopback, 7882), TransportProtocol.Udp).ToString());
}
