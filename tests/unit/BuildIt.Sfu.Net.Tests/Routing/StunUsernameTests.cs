using System.Text;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Tests.Routing;

public sealed class StunUsernameTests
{
    [Fact]
    public void Reads_the_local_part_of_the_username()
    {
        Assert.True(StunUsername.TryReadLocalUfrag(TestPeers.StunRequest("Abc+/1234567"), out UfragKey ufrag));
        Assert.True(UfragKey.TryCreate("Abc+/1234567", out UfragKey expected));
        Assert.Equal(expected, ufrag);
    }

    [Theory]
    [InlineData("seventeen-letters")]
    [InlineData("with space")]
    [InlineData("")]
    public void Refuses_what_is_no_fragment(string ufrag) =>
        Assert.False(StunUsername.TryReadLocalUfrag(TestPeers.StunRequest(ufrag), out _));

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Every_truncation_and_random_change_is_an_answer_and_not_an_exception(int seed)
    {
        var random = new Random(seed);
        byte[] request = TestPeers.StunRequest("Abcdefghijkl");
        for (int length = 0; length < request.Length; length++)
        {
            Assert.False(StunUsername.TryReadLocalUfrag(request.AsSpan(0, length), out _));
        }

        for (int i = 0; i < 100_000; i++)
        {
            byte[] changed = [.. request];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            _ = StunUsername.TryReadLocalUfrag(changed.AsSpan(0, random.Next(changed.Length + 1)), out _);
        }
    }

    [Fact]
    public void A_made_fragment_names_its_loop_and_differs_each_time()
    {
        for (int loop = 0; loop < LoopUfrag.MaxLoops; loop++)
        {
            string ufrag = LoopUfrag.Create(loop);
            Assert.True(UfragKey.TryCreate(ufrag, out UfragKey key));
            Assert.Equal(loop, LoopUfrag.LoopOf(key));
            Assert.NotEqual(ufrag, LoopUfrag.Create(loop));
            Assert.Equal(12, Encoding.ASCII.GetByteCount(ufrag));
        }
    }
}
