using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Tests.Protocol;

/// <summary>The ProtoJSON mapping: everything that it allows is read.</summary>
public class WireCodecTests
{
    [Theory]
    [InlineData("+/8=")]
    [InlineData("-_8=")]
    [InlineData("-_8")]
    [InlineData("+/8")]
    public void Bytes_are_base64_of_either_alphabet_with_or_without_padding(string text)
    {
        Assert.True(WireCodec.TryParseJson<SendDataRequest>($$"""{"data":"{{text}}"}""", out var request));
        Assert.Equal([0xfb, 0xff], request.Data.ToByteArray());
    }

    [Theory]
    [InlineData("""{"data":"a"}""")]
    [InlineData("""{"data":"a b c d"}""")]
    [InlineData("""{"data":"a.b="}""")]
    [InlineData("""{"data":7}""")]
    [InlineData("""{"data":["-_8"]}""")]
    [InlineData("""["-_8"]""")]
    [InlineData("""{"data":""")]
    public void Other_text_is_refused_and_throws_nothing(string json) => Assert.False(WireCodec.TryParseJson<SendDataRequest>(json, out _));

    [Fact]
    public void Bytes_in_nested_messages_and_lists_are_read_too()
    {
        Assert.True(WireCodec.TryParseJson<DataPacket>("""{"user":{"payload":"-_8"}}""", out var packet));
        Assert.Equal([0xfb, 0xff], packet.User.Payload.ToByteArray());
    }

    [Theory]
    [InlineData("""{"kind":"LOSSY"}""")]
    [InlineData("""{"kind":1}""")]
    [InlineData("""{"kind":1.0}""")]
    [InlineData("""{"kind":"LOSSY","data":null,"topic":null}""")]
    public void Enums_are_names_or_numbers_and_null_is_the_default(string json)
    {
        Assert.True(WireCodec.TryParseJson<SendDataRequest>(json, out var request));
        Assert.Equal(DataPacket.Types.Kind.Lossy, request.Kind);
    }

    [Theory]
    [InlineData("""{"emptyTimeout":60}""")]
    [InlineData("""{"empty_timeout":"60"}""")]
    [InlineData("""{"emptyTimeout":6e1}""")]
    [InlineData("""{"emptyTimeout":60.0}""")]
    public void Integers_are_numbers_or_text_in_every_notation(string json)
    {
        Assert.True(WireCodec.TryParseJson<CreateRoomRequest>(json, out var request));
        Assert.Equal(60u, request.EmptyTimeout);
    }
}
