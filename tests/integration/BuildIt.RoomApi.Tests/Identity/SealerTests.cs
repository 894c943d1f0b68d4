using System.Security.Cryptography;
using BuildIt.RoomApi.Identity;

namespace BuildIt.RoomApi.Tests.Identity;

/// <summary>What is sealed opens in its place, and nowhere else.</summary>
public sealed class SealerTests
{
    private const string Room = "00112233445566778899aabbccddeeff";

    private readonly byte[] _pepper = RandomNumberGenerator.GetBytes(32);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void Every_replica_opens_what_another_sealed(int length)
    {
        var plain = RandomNumberGenerator.GetBytes(length);
        var closed = Make().Seal(Room, "commit 1", plain);
        Assert.Equal(length + Sealer.Overhead, closed.Length);
        Assert.Equal(plain, Make().Open(Room, "commit 1", closed));
    }

    [Fact]
    public void Nothing_opens_in_another_place_or_changed()
    {
        var closed = Make().Seal(Room, "commit 1", "hello"u8);
        Assert.Null(Make().Open(Room, "commit 2", closed));
        Assert.Null(Make().Open(Room.Replace('0', '1'), "commit 1", closed));
        Assert.Null(new Sealer(new Pseudonyms(RandomNumberGenerator.GetBytes(32))).Open(Room, "commit 1", closed));
        for (var i = 0; i < closed.Length; i++)
        {
            closed[i] ^= 1;
            Assert.Null(Make().Open(Room, "commit 1", closed));
            closed[i] ^= 1;
            Assert.Null(Make().Open(Room, "commit 1", closed.AsSpan(0, i)));
        }
    }

    private Sealer Make() => new(new Pseudonyms(_pepper));
}
