using System.Buffers.Binary;
using System.Security.Cryptography;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Tests.Routing;

public sealed class TransactionMarkTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(16);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 123_456)]
    [InlineData(255, TransactionMark.MaxEndpoints - 1)]
    public void An_answer_says_whose_request_it_is_to_every_loop(int loop, int endpoint)
    {
        using var asking = new TransactionMark(Key);
        using var answered = new TransactionMark(Key);
        Assert.True(answered.TryRead(Answer(asking, loop, endpoint), out var readLoop, out var readEndpoint));
        Assert.Equal((loop, endpoint), (readLoop, readEndpoint));
    }

    [Fact]
    public void To_whoever_has_another_key_it_says_nothing()
    {
        using var asking = new TransactionMark(Key);
        using var other = new TransactionMark(RandomNumberGenerator.GetBytes(16));
        var read = Enumerable.Range(0, 100).Count(_ =>
            other.TryRead(Answer(asking, 1, 2), out var loop, out var endpoint) && (loop, endpoint) == (1, 2));
        Assert.Equal(0, read);
    }

    /// <summary>Every client is asked for its consent every few seconds, on the loop that forwards its media.</summary>
    [Fact]
    public void Neither_asking_nor_answering_allocates()
    {
        using var mark = new TransactionMark(Key);
        var answer = Answer(mark, 3, 4);
        var transaction = answer.AsSpan(8, TransactionMark.Length);
        mark.TryRead(answer, out _, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            mark.Write(transaction, 3, 4);
            mark.TryRead(answer, out _, out _);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] Answer(TransactionMark mark, int loop, int endpoint)
    {
        var answer = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(answer, 0x0101);
        BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), 0x2112A442);
        var transaction = answer.AsSpan(8, TransactionMark.Length);
        RandomNumberGenerator.Fill(transaction);
        mark.Write(transaction, loop, endpoint);
        return answer;
    }
}
