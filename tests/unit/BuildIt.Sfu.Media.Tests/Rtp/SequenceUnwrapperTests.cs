using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rtp;

public sealed class SequenceUnwrapperTests
{
    [Fact]
    public void Order_survives_wraps_and_reordering()
    {
        var random = new Random(3);
        var unwrapper = new SequenceUnwrapper();
        long truth = 65_000;
        var offset = unwrapper.Unwrap((ushort)truth) - truth;
        for (var i = 0; i < 100_000; i++)
        {
            truth += random.Next(-50, 100);
            Assert.Equal(truth + offset, unwrapper.Unwrap((ushort)truth));
        }
    }

    [Fact]
    public void Distance_takes_the_shorter_way_round()
    {
        Assert.Equal(2, new SequenceNumber(1).DistanceFrom(new(65535)));
        Assert.True(new SequenceNumber(1).IsNewerThan(new(65535)));
        Assert.Equal(-1, new RtpTimestamp(uint.MaxValue).DistanceFrom(new(0)));
    }
}
