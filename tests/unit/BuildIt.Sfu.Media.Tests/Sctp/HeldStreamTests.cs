using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.Tests.Sctp;

/// <summary>A receiver that takes the messages of one stream later: the peer waits, and nothing is lost.</summary>
public sealed class HeldStreamTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private readonly SctpEnd _left = new(1, new SctpOptions { SendBuffer = 16 << 20 });
    private readonly SctpEnd _right = new(2);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.05)]
    public void Messages_wait_at_their_sender_and_arrive_in_order_afterwards(int seed, double loss)
    {
        var path = Connected(seed, loss);
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(SctpSendResult.Queued, _left.Association.Send(0, 53, BitConverter.GetBytes(i).Concat(new byte[4000]).ToArray(), SctpDelivery.Reliable));
        }

        Assert.True(path.RunUntil(() => _right.Messages.Count >= 100, Long));
        _right.Association.Hold(0, held: true, path.Now);
        var before = _right.Messages.Count;
        path.RunUntil(() => false, TimeSpan.FromSeconds(20));

        Assert.Equal(before, _right.Messages.Count);
        Assert.InRange(_right.Association.ReceiveBuffered, SctpOptions.Default.ReceiveBuffer / 2, SctpOptions.Default.ReceiveBuffer + 1200);

        // The peer learns of the open window at once, not by asking.
        _right.Association.Hold(0, held: false, path.Now);
        Assert.True(path.RunUntil(() => _right.Messages.Count == 2000, Long));
        Assert.Equal(Enumerable.Range(0, 2000), _right.Messages.Select(message => BitConverter.ToInt32(message.Data)));
        Assert.Null(_left.Closed);
        Assert.Null(_right.Closed);
    }

    [Fact]
    public void Waiting_for_minutes_breaks_nothing()
    {
        var path = Connected(3, 0);
        _right.Association.Hold(0, held: true, path.Now);
        for (var i = 0; i < 400; i++)
        {
            _left.Association.Send(0, 53, new byte[4000], SctpDelivery.Reliable);
        }

        path.RunUntil(() => false, TimeSpan.FromMinutes(3));
        Assert.Null(_left.Closed);
        Assert.Empty(_right.Messages);
        _right.Association.Hold(0, held: false, path.Now);
        Assert.True(path.RunUntil(() => _right.Messages.Count == 400, TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void Other_streams_go_on_while_there_is_room()
    {
        var path = Connected(4, 0);
        _right.Association.Hold(0, held: true, path.Now);
        _left.Association.Send(0, 53, new byte[4000], SctpDelivery.Reliable);
        _left.Association.Send(2, 53, new byte[300], new SctpDelivery { Unordered = true, MaxRetransmits = 0 });
        Assert.True(path.RunUntil(() => _right.Messages.Count == 1, Long));
        Assert.Equal((2, 300), (_right.Messages[0].Stream, _right.Messages[0].Data.Length));
    }

    private EmulatedPath Connected(int seed, double loss)
    {
        var path = new EmulatedPath(_left, _right, new PathQuality { Loss = loss }, seed);
        _left.Association.Connect(path.Now);
        Assert.True(path.RunUntil(() => _left.Connected == 1 && _right.Connected == 1, Long));
        return path;
    }
}
