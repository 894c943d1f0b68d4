using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.Tests.Sctp;

/// <summary>What is sent and not acknowledged, and the messages that wait.</summary>
public sealed class SctpFlightTests
{
    private const uint FirstTsn = uint.MaxValue - 1;

    private readonly SendQueue _queue = new(1 << 16);
    private readonly SctpFlight _flight;

    public SctpFlightTests() => _flight = new SctpFlight(FirstTsn, _queue);

    [Fact]
    public void Streams_take_turns_message_by_message()
    {
        Enqueue(1, 100);
        Enqueue(1, 100);
        Enqueue(2, 100);

        Assert.Equal<ushort>([1, 1, 2, 2, 1], SendAll(50, times: 5));
    }

    [Fact]
    public void A_stream_that_is_reset_takes_nothing_new_and_sends_what_waits()
    {
        Enqueue(1, 100);
        _queue.BeginReset(1);

        Assert.Equal(SctpSendResult.StreamUnavailable, _queue.Enqueue(1, 51, new byte[1], SctpDelivery.Reliable));
        Assert.False(_queue.IsReadyForReset(1));
        SendAll(100, times: 1);
        Assert.True(_queue.IsReadyForReset(1));
    }

    [Fact]
    public void What_is_acknowledged_is_freed()
    {
        Enqueue(1, 300);
        SendAll(100, times: 3);
        Assert.Equal(300, _flight.Bytes);

        var news = _flight.Acknowledge(1, [0, 2, 0, 2]);
        Assert.Equal((200, 2, 1), (news.Bytes, news.Reported, news.HighestNew));
        Assert.Equal((100, 2), (_flight.Bytes, _flight.Count));

        _flight.Acknowledge(2, []);
        Assert.Equal((0, 0, 0), (_flight.Bytes, _flight.Count, _queue.Held));
    }

    [Fact]
    public void What_is_missing_three_times_is_lost()
    {
        Enqueue(1, 500);
        SendAll(100, times: 5);
        for (byte next = 2; next <= 4; next++)
        {
            var news = _flight.Acknowledge(0, [0, 2, 0, next]);
            Assert.Equal(next == 4, _flight.CountMisses(news, At(next)));
        }

        Assert.Equal((1, 100), (_flight.Lost, _flight.Bytes));
        _flight.Resend(0, At(9));
        Assert.Equal((0, 200), (_flight.Lost, _flight.Bytes));
    }

    [Fact]
    public void A_message_that_may_not_be_repeated_is_given_up_as_a_whole_and_skipped()
    {
        _queue.Enqueue(1, 51, new byte[300], new SctpDelivery { MaxRetransmits = 0 });
        SendAll(100, times: 2);
        _flight.LoseAll(At(9));

        Assert.Equal((0, 0), (_flight.Lost, _flight.Bytes));
        Assert.True(_queue.IsEmpty);

        // The fragment that was never sent has a number too, so that the peer drops the others.
        Assert.Equal(3, _flight.Count);
        var packet = new SctpPacketWriter(new byte[100], 1, 2, 3);
        var skip = new ForwardTsn(_flight);
        Assert.True(skip.TryWrite(ref packet));
        Assert.False(skip.TryWrite(ref packet));
        skip.Repeat();
        Assert.True(skip.TryWrite(ref packet));
    }

    private static Instant At(int milliseconds) => Instant.FromMilliseconds(milliseconds);

    private void Enqueue(ushort stream, int length) =>
        Assert.Equal(SctpSendResult.Queued, _queue.Enqueue(stream, 51, new byte[length], SctpDelivery.Reliable));

    /// <summary>Sends so many chunks, and says of which stream each was.</summary>
    private List<ushort> SendAll(int length, int times)
    {
        List<ushort> streams = [];
        for (var i = 0; i < times; i++)
        {
            var message = _queue.Peek()!;
            streams.Add(message.Stream.Id);
            _flight.Send(message, length, At(1));
        }

        return streams;
    }
}
