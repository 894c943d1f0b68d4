using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.Media.Tests.Sdp;

public class SdpParserTests
{
    [Fact]
    public void Chromium_publisher_offer_is_read_in_full()
    {
        var session = SdpFixtures.Parsed(SdpFixtures.ChromiumPublisher);

        Assert.Equal(["0", "1", "2"], session.BundleGroups[0]);
        Assert.True(session.ExtmapAllowMixed);
        Assert.Equal([MediaKind.Audio, MediaKind.Video, MediaKind.Application], session.Media.Select(media => media.Kind));
        var audio = session.Media[0];
        Assert.Equal(MediaDirection.SendOnly, audio.Direction);
        Assert.Equal("48945f9a-c690-4afc-a338-af4378c63d65", audio.Msids[0].Track);
        Assert.Equal(3576866459u, audio.Sources[0].Ssrc);
        Assert.Equal("wNAgFyxFKyCrveg1", audio.Sources[0].Cname);
        var opus = audio.CodecOf(111)!;
        Assert.Equal(("opus", 48000, 2), (opus.Name, opus.ClockRate, opus.Channels));
        Assert.Equal("1", opus.Parameter("useinbandfec"));
        var video = session.Media[1];
        Assert.Equal(["q", "h", "f"], video.SimulcastSend.Select(stream => stream.Rid));
        Assert.All(video.Rids, rid => Assert.True(rid.Sends));
        Assert.Equal((byte)96, video.CodecOf(97)!.AssociatedPayloadType);
        Assert.Equal(["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"], video.CodecOf(96)!.Feedback);
        var transport = session.TransportOf(video);
        Assert.Equal(("icsC", DtlsSetup.ActPass), (transport.IceUfrag, transport.Setup));
        Assert.Equal(5000, session.Media[2].SctpPort);
        Assert.Equal(262144, session.Media[2].MaxMessageSize);
    }

    [Fact]
    public void Session_level_fingerprint_holds_for_every_section()
    {
        var session = SdpFixtures.Parsed(SdpFixtures.Firefox);

        Assert.All(session.Media, media => Assert.StartsWith("7A:2C", session.TransportOf(media).Fingerprints[0].Value, StringComparison.Ordinal));
        Assert.Equal(MediaDirection.RecvOnly, session.Media[0].Extensions[1].Direction);
    }

    [Theory]
    [MemberData(nameof(SdpFixtures.All), MemberType = typeof(SdpFixtures))]
    public void What_is_written_reads_back_the_same(string name)
    {
        var session = SdpFixtures.Parsed(name);

        var written = SdpWriter.Write(session);

        var again = SdpFixtures.Parse(written);
        Assert.Equivalent(session, again, strict: true);
        Assert.Equal(written, SdpWriter.Write(again));
    }

    [Theory]
    [InlineData("", SdpErrorKind.Empty, 0)]
    [InlineData("v=1\r\n", SdpErrorKind.MissingVersion, 1)]
    [InlineData("o=- 1 1 IN IP4 0.0.0.0\n", SdpErrorKind.MissingVersion, 1)]
    [InlineData("v=0\no=- x 1 IN IP4 0.0.0.0\n", SdpErrorKind.MalformedOrigin, 2)]
    [InlineData("v=0\nnonsense\n", SdpErrorKind.MalformedLine, 2)]
    [InlineData("v=0\nm=audio 70000 UDP/TLS/RTP/SAVPF 0\n", SdpErrorKind.MalformedMediaLine, 2)]
    [InlineData("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF\n", SdpErrorKind.MalformedMediaLine, 2)]
    [InlineData("v=0\nm=audio 9 X 0\na=mid:0\nm=audio 9 X 0\na=mid:0\n", SdpErrorKind.DuplicateMid, 5)]
    [InlineData("v=0\nm=audio 9 X 96\na=rtpmap:96 a/1\na=rtpmap:96 b/1\n", SdpErrorKind.DuplicatePayloadType, 4)]
    [InlineData("v=0\nm=audio 9 X 96\na=rtpmap:200 a/1\n", SdpErrorKind.MalformedAttribute, 3)]
    [InlineData("v=0\na=fingerprint:sha-256 AB:C\n", SdpErrorKind.MalformedAttribute, 2)]
    [InlineData("v=0\na=ice-pwd:short\n", SdpErrorKind.MalformedAttribute, 2)]
    [InlineData("v=0\ns=a\rb\n", SdpErrorKind.MalformedLine, 2)]
    public void Errors_name_their_line(string text, SdpErrorKind kind, int line)
    {
        Assert.False(SdpParser.TryParse(text, out _, out var error));
        Assert.Equal((kind, line), (error.Kind, error.Line));
    }

    [Fact]
    public void A_format_named_twice_counts_once()
    {
        var session = SdpFixtures.Parse("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 8 111 8\na=rtpmap:111 opus/48000/2\n");

        Assert.Equal(["PCMA", "opus"], session.Media[0].Codecs.Select(codec => codec.Name));
    }

    [Fact]
    public void Sizes_and_counts_are_bounded()
    {
        var limits = new SdpLimits { MaxLength = 10_000, MaxLineLength = 200, MaxSections = 3, MaxSources = 4 };

        Assert.Equal(SdpErrorKind.TooLong, ErrorOf(new string('a', 10_001)));
        Assert.Equal(SdpErrorKind.LineTooLong, ErrorOf("v=0\ns=" + new string('a', 300)));
        Assert.Equal(SdpErrorKind.TooManySections, ErrorOf("v=0\n" + string.Concat(Enumerable.Repeat("m=audio 9 X 0\n", 4))));
        Assert.Equal(
            SdpErrorKind.TooManyAttributes,
            ErrorOf("v=0\nm=audio 9 X 0\n" + string.Concat(Enumerable.Range(0, 5).Select(ssrc => $"a=ssrc:{ssrc} cname:x\n"))));

        SdpErrorKind ErrorOf(string text)
        {
            Assert.False(SdpParser.TryParse(text, out _, out var error, limits));
            return error.Kind;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Mutated_descriptions_never_throw(int seed)
    {
        var random = new Random(seed);
        var texts = SdpFixtures.Names.Select(SdpFixtures.Text).ToArray();
        for (var round = 0; round < 400; round++)
        {
            var text = texts[random.Next(texts.Length)].ToCharArray();
            for (var i = random.Next(1, 12); i > 0; i--)
            {
                text[random.Next(text.Length)] = (char)random.Next(random.Next(2) == 0 ? 128 : 0x10000);
            }

            var cut = text.AsSpan(0, random.Next(4) == 0 ? random.Next(text.Length) : text.Length);
            if (SdpParser.TryParse(cut, out var session, out _))
            {
                var written = SdpWriter.Write(session);
                Assert.True(SdpParser.TryParse(written, out _, out var error), $"{error}\n{written}");
                _ = NegotiationTests.TryAnswer(session, out _, out _, out _);
            }
        }
    }
}
