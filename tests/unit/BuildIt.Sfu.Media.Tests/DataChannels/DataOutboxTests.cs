using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;

namespace BuildIt.Sfu.Media.Tests.DataChannels;

public sealed class DataOutboxTests : IDataOutboxEvents<int>
{
    private readonly DataOutbox<int> _outbox;
    private readonly List<int> _held = [];
    private readonly Dictionary<int, int> _lost = [];
    private readonly List<(int Sender, bool IsReceiverSlow)> _reliableLost = [];
    private Instant _now = Instant.FromMilliseconds(1000);

    public DataOutboxTests() => _outbox = new DataOutbox<int>(this);

    [Fact]
    public void One_senders_messages_leave_in_order_and_kinds_take_turns()
    {
        for (byte i = 0; i < 3; i++)
        {
            Reliable(1, 1, i);
            _outbox.AddLossy(1, 1, new byte[] { (byte)(10 + i) }, _now);
            _outbox.AddLossy(1, 2, new byte[] { (byte)(20 + i) }, _now);
        }

        Assert.Equal([0, 10, 20, 1, 11, 21, 2, 12, 22], Take(9).Select(m => m[0]));
        Assert.True(_outbox.IsEmpty);
    }

    [Fact]
    public void Senders_share_by_bytes_whatever_the_size_of_their_messages()
    {
        for (var i = 0; i < 400; i++)
        {
            Reliable(1, 1000, 1);
        }

        for (var i = 0; i < 8; i++)
        {
            Reliable(2, 50_000, 2);
        }

        for (var i = 0; i < 4000; i++)
        {
            Reliable(3, 40, 3);
        }

        var bytes = new int[4];
        var taken = 0;
        while (taken < 600_000)
        {
            var message = Take(1)[0];
            bytes[message[0]] += message.Length + SenderLane<int>.Overhead;
            taken += message.Length + SenderLane<int>.Overhead;
        }

        Assert.All(bytes[1..], each => Assert.InRange(each, 140_000, 260_000));
    }

    [Fact]
    public void Somebody_with_little_to_say_does_not_wait_for_somebody_with_much()
    {
        for (var i = 0; i < 500; i++)
        {
            Reliable(1, 1000, 1);
        }

        Take(20);
        Reliable(2, 100, 2);
        Assert.Contains(Take(5), message => message[0] == 2);
    }

    [Fact]
    public void Too_many_messages_that_may_be_lost_push_the_oldest_out()
    {
        for (var i = 0; i < 1000; i++)
        {
            var message = new byte[1000];
            BitConverter.TryWriteBytes(message, i);
            _outbox.AddLossy(1, 1, message, _now);
        }

        var left = Drain().Select(message => BitConverter.ToInt32(message)).ToArray();
        Assert.InRange(left.Length, 100, 131);
        Assert.Equal(999, left[^1]);
        Assert.Equal(1000 - left.Length, _lost[1]);
    }

    [Fact]
    public void Messages_that_may_be_lost_are_not_sent_late()
    {
        _outbox.AddLossy(1, 1, new byte[10], _now);
        Reliable(2, 10, 2);
        _now += TimeSpan.FromMilliseconds(400);
        _outbox.AddLossy(1, 1, new byte[20], _now);
        Assert.Equal([10, 20], Drain().Select(message => message.Length).Order());
        Assert.Equal(1, _lost[1]);
    }

    [Fact]
    public void A_sender_is_stopped_when_its_reliable_messages_pile_up_and_goes_on_when_they_have_left()
    {
        var sent = 0;
        while (_held.Count == 0)
        {
            Assert.True(Reliable(1, 10_000, 1));
            sent += 10_000;
        }

        Assert.InRange(sent, DataOutbox<int>.HoldAbove - 10_000, DataOutbox<int>.HoldAbove + 10_000);
        Reliable(2, 10_000, 2);
        Assert.Equal([1], _held);

        Take(4);
        Assert.Equal([1], _held);
        Take(12);
        Assert.Empty(_held);
        Assert.Empty(_reliableLost);
        Assert.Equal(Instant.Never, _outbox.NextDeadline);
    }

    [Fact]
    public void Who_cannot_be_stopped_loses_what_is_too_much()
    {
        while (Reliable(1, 10_000, 1))
        {
        }

        Assert.Equal([(1, false)], _reliableLost);
        Assert.InRange(_outbox.ReliableBytes, DataOutbox<int>.HoldAbove, DataOutbox<int>.HoldAbove + 11_000);
    }

    [Fact]
    public void Nobody_waits_long_for_a_receiver_that_takes_nothing()
    {
        Fill(1);
        Fill(2);
        Assert.Equal([1, 2], _held);
        Assert.Equal(_now + DataOutbox<int>.Patience, _outbox.NextDeadline);
        _now = _outbox.NextDeadline;
        _outbox.HandleTimeout(_now);
        Assert.Empty(_held);
        Assert.Equal(Instant.Never, _outbox.NextDeadline);

        // It loses, and is named for it; nobody is stopped again, even when it has begun to read.
        Assert.False(Reliable(1, 10_000, 1));
        Assert.Equal((1, true), _reliableLost[^1]);
        Drain();
        Fill(1);
        Assert.Empty(_held);

        // Later it is trusted again.
        Drain();
        _now += DataOutbox<int>.Distrust;
        Fill(1);
        Assert.Equal([1], _held);
    }

    [Fact]
    public void A_slow_receiver_is_waited_for_as_long_as_it_goes_on()
    {
        Fill(1);
        for (var i = 0; i < 100; i++)
        {
            _now += TimeSpan.FromMilliseconds(500);
            _outbox.HandleTimeout(_now);
            Take(1);
            Fill(1);
            Assert.Equal([1], _held);
        }

        Assert.Empty(_reliableLost);
    }

    [Fact]
    public void Nobody_waits_for_a_receiver_that_is_gone()
    {
        Fill(1);
        _outbox.Clear(_now);
        Assert.Empty(_held);
        Assert.True(_outbox.IsEmpty);
        Assert.Equal(0, _outbox.ReliableBytes);
    }

    void IDataOutboxEvents<int>.OnHold(int sender, Instant now) => _held.Add(sender);

    void IDataOutboxEvents<int>.OnRelease(int sender, Instant now) => Assert.True(_held.Remove(sender));

    void IDataOutboxEvents<int>.OnLossyDropped(int sender, int count, Instant now) => _lost[sender] = _lost.GetValueOrDefault(sender) + count;

    void IDataOutboxEvents<int>.OnReliableDropped(int sender, bool isReceiverSlow, Instant now) => _reliableLost.Add((sender, isReceiverSlow));

    private bool Reliable(int sender, int size, byte mark)
    {
        var message = new byte[size];
        message[0] = mark;
        return _outbox.AddReliable(sender, message, _now);
    }

    /// <summary>Adds reliable messages of a sender until there are too many.</summary>
    private void Fill(int sender)
    {
        var before = _outbox.ReliableBytes;
        while (!_held.Contains(sender) && _outbox.ReliableBytes - before <= DataOutbox<int>.HoldAbove && Reliable(sender, 10_000, (byte)sender))
        {
        }
    }

    private List<byte[]> Take(int count)
    {
        var messages = new List<byte[]>();
        while (messages.Count < count)
        {
            Assert.True(_outbox.TryPeek(_now, out _, out var message));
            messages.Add(message.ToArray());
            _outbox.Remove(_now);
        }

        return messages;
    }

    private List<byte[]> Drain()
    {
        var messages = new List<byte[]>();
        while (_outbox.TryPeek(_now, out _, out var message))
        {
            messages.Add(message.ToArray());
            _outbox.Remove(_now);
        }

        return messages;
    }
}
