using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Transport;

public sealed class DemultiplexerTests
{
    [Theory]
    [InlineData(0, 1, DatagramKind.Stun)]
    [InlineData(3, 1, DatagramKind.Stun)]
    [InlineData(4, 1, DatagramKind.Unknown)]
    [InlineData(19, 1, DatagramKind.Unknown)]
    [InlineData(20, 1, DatagramKind.Dtls)]
    [InlineData(63, 1, DatagramKind.Dtls)]
    [InlineData(64, 1, DatagramKind.Unknown)]
    [InlineData(127, 1, DatagramKind.Unknown)]
    [InlineData(128, 96, DatagramKind.Rtp)]
    [InlineData(128, 0x80 | 111, DatagramKind.Rtp)]
    [InlineData(128, 191, DatagramKind.Rtp)]
    [InlineData(128, 192, DatagramKind.Rtcp)]
    [InlineData(191, 223, DatagramKind.Rtcp)]
    [InlineData(191, 224, DatagramKind.Rtp)]
    [InlineData(192, 96, DatagramKind.Unknown)]
    public void First_bytes_decide(byte first, byte second, DatagramKind expected)
    {
        var datagram = new byte[40];
        (datagram[0], datagram[1]) = (first, second);
        Assert.Equal(expected, Demultiplexer.Classify(datagram));
    }

    [Fact]
    public void Too_short_is_unknown()
    {
        Assert.Equal(DatagramKind.Unknown, Demultiplexer.Classify([]));
        Assert.Equal(DatagramKind.Unknown, Demultiplexer.Classify([0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    }
}
