using System.Buffers.Binary;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Memory;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Tests.Memory;

public sealed class HandOverQueueTests
{
    [Fact]
    public void Refuses_when_full_and_goes_on_after_a_release()
    {
        using var queue = new HandOverQueue(4);
        for (byte i = 0; i < 4; i++)
        {
            Assert.True(queue.TryEnqueue([i], TransportAddress.FromIPv4(i, 1), default));
        }

        Assert.False(queue.TryEnqueue([9], default, default));
        Assert.True(queue.TryPeek(out Span<byte> first, out TransportAddress from, out _));
        Assert.Equal(0, first[0]);
        Assert.Equal(TransportAddress.FromIPv4(0, 1), from);
        queue.Release();
        Assert.True(queue.TryEnqueue([4], default, default));
        for (byte i = 1; i <= 4; i++)
        {
            Assert.True(queue.TryPeek(out Span<byte> next, out _, out _));
            Assert.Equal(i, next[0]);
            queue.Release();
        }

        Assert.True(queue.IsEmpty);
    }

    [Fact]
    public void Refuses_what_does_not_fit_a_slot()
    {
        using var queue = new HandOverQueue(4);
        Assert.False(queue.TryEnqueue(new byte[HandOverQueue.MaxDatagram + 1], default, default));
        Assert.True(queue.TryEnqueue(new byte[HandOverQueue.MaxDatagram], default, new LocalAddress(1, 2)));
        Assert.True(queue.TryPeek(out Span<byte> datagram, out _, out LocalAddress local));
        Assert.Equal(HandOverQueue.MaxDatagram, datagram.Length);
        Assert.Equal(new LocalAddress(1, 2), local);
    }

    [Fact]
    public async Task Several_writers_lose_nothing_and_keep_their_own_order()
    {
        const int Writers = 3;
        const int Each = 50_000;
        using var queue = new HandOverQueue(64);
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(writer => Task.Run(() =>
        {
            byte[] datagram = new byte[8];
            BinaryPrimitives.WriteInt32LittleEndian(datagram, writer);
            for (int i = 0; i < Each; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(datagram.AsSpan(4), i);
                while (!queue.TryEnqueue(datagram, default, default))
                {
                    Thread.Yield();
                }
            }
        }))];

        int[] next = new int[Writers];
        for (int read = 0; read < Writers * Each;)
        {
            if (!queue.TryPeek(out Span<byte> datagram, out _, out _))
            {
                Thread.Yield();
                continue;
            }

            int writer = BinaryPrimitives.ReadInt32LittleEndian(datagram);
            Assert.Equal(next[writer]++, BinaryPrimitives.ReadInt32LittleEndian(datagram[4..]));
            queue.Release();
            read++;
        }

        await Task.WhenAll(writers);
        Assert.True(queue.IsEmpty);
    }
}
