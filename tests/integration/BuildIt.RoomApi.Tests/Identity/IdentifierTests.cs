using System.Security.Cryptography;
using System.Text;
using BuildIt.RoomApi.Identity;

namespace BuildIt.RoomApi.Tests.Identity;

public class IdentifierTests
{
    private static readonly byte[] Pepper = Encoding.ASCII.GetBytes("a pepper of thirty-two bytes, ok");
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public void Room_ids_are_128_bits_and_valid_names()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => RoomIds.New()).ToHashSet();
        Assert.Equal(1000, ids.Count);
        Assert.All(ids, id => Assert.Matches("^[0-9a-f]{32}$", id));
        Assert.All(ids, id => Assert.True(RoomIds.IsValid(id)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("0123456789abcdef0123456789abcdef0")]
    [InlineData("0123456789ABCDEF0123456789abcdef")]
    [InlineData("0123456789abcdef0123456789abcde/")]
    [InlineData("../../../../../../../../etc/pass")]
    [InlineData("٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩٠١")]
    public void Nothing_else_is_a_room_id(string? text) => Assert.False(RoomIds.IsValid(text));

    [Fact]
    public void Participant_ids_are_the_hmac_that_the_design_states()
    {
        var room = RoomIds.New();
        var secret = HMACSHA256.HashData(Pepper, Encoding.ASCII.GetBytes($"room-secret\0{room}"));
        var expected = HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(room).Concat(Key).ToArray())[..16];
        var id = new Pseudonyms(Pepper).Participant(room, Key);
        Assert.Equal(Convert.ToBase64String(expected).TrimEnd('=').Replace('+', '-').Replace('/', '_'), id.Text);
        Assert.Equal(Convert.ToHexStringLower(expected), id.Hex);
    }

    [Fact]
    public void One_person_has_one_id_per_room_and_no_two_rooms_share_it()
    {
        var names = new Pseudonyms(Pepper);
        var (a, b) = (RoomIds.New(), RoomIds.New());
        Assert.Equal(names.Participant(a, Key), new Pseudonyms(Pepper).Participant(a, Key));
        Assert.NotEqual(names.Participant(a, Key), names.Participant(b, Key));
        Assert.NotEqual(names.Participant(a, Key), names.Participant(a, RandomNumberGenerator.GetBytes(32)));
        Assert.NotEqual(names.Participant(a, Key), new Pseudonyms(RandomNumberGenerator.GetBytes(32)).Participant(a, Key));
    }

    [Fact]
    public void A_creator_is_the_keyed_hash_of_the_key()
    {
        var names = new Pseudonyms(Pepper);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Pepper, Key)), names.Creator(Key));
        Assert.NotEqual(names.For("rate-key", Key), names.For("rate-address", Key));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Pseudonyms(new byte[31]));
    }

    [Fact]
    public void Participant_ids_have_one_spelling()
    {
        for (var i = 0; i < 200; i++)
        {
            var id = ParticipantId.FromBytes(RandomNumberGenerator.GetBytes(16));
            Assert.True(ParticipantId.TryParse(id.Text, out var parsed));
            Assert.Equal(id, parsed);
            Assert.True(ParticipantId.TryParseHex(id.Hex, out var fromHex));
            Assert.Equal(id, fromHex);
        }

        // The last character carries four bits that must be zero: another spelling would be another name for the same person.
        Assert.True(ParticipantId.TryParse("AAAAAAAAAAAAAAAAAAAAAA", out _));
        Assert.False(ParticipantId.TryParse("AAAAAAAAAAAAAAAAAAAAAB", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAA+")]
    [InlineData("AAAAAAAAAA AAAAAAAAAAA")]
    [InlineData("AAAAAAAAAA\nAAAAAAAAAAA")]
    public void Nothing_else_is_a_participant_id(string text) => Assert.False(ParticipantId.TryParse(text, out _));
}
