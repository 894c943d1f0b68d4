using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Tests.Sdp;

public class OfferBuilderTests
{
    private readonly OfferBuilder _builder = new(new CodecPolicy());

    [Fact]
    public void Data_comes_first_and_each_track_has_a_sendonly_section()
    {
        Assert.Equal("1", _builder.Add(NegotiationTests.Track("TR_a", MediaKind.Audio, 10)));
        Assert.Equal("2", _builder.Add(NegotiationTests.Track("TR_v", MediaKind.Video, 20)));

        var offer = SdpFixtures.Parse(SdpWriter.Write(_builder.Build(SdpFixtures.Local)));

        Assert.Equal(MediaKind.Application, offer.Media[0].Kind);
        Assert.Equal(["0", "1", "2"], offer.BundleGroups[0]);
        Assert.Equal(["111", "63", "0", "8"], offer.Media[1].Formats);
        Assert.Equal(["96", "97", "98", "99"], offer.Media[2].Formats.Take(4));
        Assert.Equal(offer.Media[2].Formats.Count, offer.Media[2].Formats.Distinct().Count());
        Assert.Equal([20u, 21u], offer.Media[2].SourceGroups[0].Ssrcs);
        Assert.Equal(new SdpMsid("PA_x|TR_v", "TR_v"), offer.Media[2].Sources[1].Msid);
        Assert.Equal(DtlsSetup.ActPass, offer.Media[0].Transport.Setup);
    }

    [Fact]
    public void A_section_is_reused_only_after_the_client_saw_it_inactive()
    {
        Assert.Equal("1", _builder.Add(NegotiationTests.Track("TR_1", MediaKind.Video, 10)));
        Answer(_builder.Build(SdpFixtures.Local));
        Assert.True(_builder.Remove("TR_1"));

        Assert.Equal("2", _builder.Add(NegotiationTests.Track("TR_2", MediaKind.Video, 20)));
        Assert.True(_builder.NeedsOffer);
        var offer = _builder.Build(SdpFixtures.Local);
        Assert.Equal(MediaDirection.Inactive, offer.Media[1].Direction);
        Assert.Empty(offer.Media[1].Msids);
        Answer(offer);

        Assert.Equal("3", _builder.Add(NegotiationTests.Track("TR_a", MediaKind.Audio, 30)));
        Assert.Equal("1", _builder.Add(NegotiationTests.Track("TR_3", MediaKind.Video, 40)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_track_that_comes_again_before_the_client_saw_it_go_keeps_its_section(bool reuse)
    {
        var builder = new OfferBuilder(new CodecPolicy(), reuse);
        Assert.Equal("1", builder.Add(NegotiationTests.Track("TR_1", MediaKind.Video, 10)));
        Assert.True(builder.Remove("TR_1"));
        Assert.False(builder.Remove("TR_1"));
        Assert.Equal("1", builder.Add(NegotiationTests.Track("TR_1", MediaKind.Video, 12)));
        Assert.Equal(12u, builder.Build(SdpFixtures.Local).Media[1].Sources[0].Ssrc);
        Assert.False(builder.NeedsOffer);

        for (var ssrc = 20u; ssrc < 60; ssrc += 2)
        {
            Assert.True(builder.Remove("TR_1"));
            Assert.Equal("1", builder.Add(NegotiationTests.Track("TR_1", MediaKind.Video, ssrc)));
        }

        Assert.True(builder.NeedsOffer);
        Assert.True(builder.Remove("TR_1"));
        builder.Build(SdpFixtures.Local);
        Assert.Equal("2", builder.Add(NegotiationTests.Track("TR_1", MediaKind.Video, 80)));
    }

    [Fact]
    public void A_section_that_no_offer_has_shown_takes_any_track()
    {
        for (var i = 0u; i < 10; i++)
        {
            Assert.Equal("1", _builder.Add(NegotiationTests.Track($"TR_{i}", MediaKind.Video, i * 2)));
            Assert.True(_builder.Remove($"TR_{i}"));
        }

        Assert.Equal("1", _builder.Add(NegotiationTests.Track("TR_5", MediaKind.Video, 50)));
        Assert.Equal("2", _builder.Add(NegotiationTests.Track("TR_6", MediaKind.Video, 60)));
        Assert.Equal(3, _builder.Build(SdpFixtures.Local).Media.Count);
    }

    /// <summary>Tracks are added and dropped on a loop that media waits for, a hundred for one message.</summary>
    [Fact]
    public void Adding_and_dropping_a_track_does_not_go_through_them_all()
    {
        const uint Count = 10_000;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0u; i < Count; i++)
        {
            _builder.Add(NegotiationTests.Track($"TR_{i}", MediaKind.Audio, i));
        }

        for (var i = Count; i-- > 0;)
        {
            Assert.True(_builder.Remove($"TR_{i}"));
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void An_answer_with_retransmission_alone_takes_no_track()
    {
        _builder.Add(NegotiationTests.Track("TR_v", MediaKind.Video, 20));
        var offer = _builder.Build(SdpFixtures.Local);
        var answer = AnswerTo(offer);
        answer = answer with { Media = [answer.Media[0], answer.Media[1] with { Codecs = [.. offer.Media[1].Codecs.Where(codec => codec.Is("rtx"))] }] };

        Assert.True(_builder.TryApplyAnswer(answer, out var result, out var error), error);

        Assert.Null(result.Sections[1].Sends);
        Assert.True(result.Sections[1].Rejected);
    }

    [Fact]
    public void The_answer_says_which_codecs_and_extensions_the_client_takes()
    {
        _builder.Add(NegotiationTests.Track("TR_v", MediaKind.Video, 20));
        var offer = _builder.Build(SdpFixtures.Local);
        var video = offer.Media[1];
        var answer = AnswerTo(offer) with
        {
            Media =
            [
                AnswerTo(offer).Media[0],
                AnswerTo(offer).Media[1] with
                {
                    Codecs = [.. video.Codecs.Where(codec => codec.PayloadType is 98 or 99 or 96)],
                    Extensions = [.. video.Extensions.Where(extension => extension.Id is 3 or 12)],
                },
            ],
        };

        Assert.True(_builder.TryApplyAnswer(answer, out var result, out var error), error);

        var section = result.Sections[1];
        Assert.Equal([(96, null), (98, (byte?)99)], section.Codecs.Select(codec => ((int)codec.PayloadType, codec.RtxPayloadType)));
        Assert.Equal((3, 12, 0), (section.Extensions.TransportCc, section.Extensions.DependencyDescriptor, section.Extensions.AbsSendTime));
        Assert.Equal("TR_v", result.MidToTrack["1"]);
        Assert.False(_builder.AwaitsAnswer);
    }

    [Fact]
    public void Answers_that_do_not_fit_are_refused()
    {
        Assert.False(_builder.TryApplyAnswer(new SdpSession(), out _, out _));
        _builder.Add(NegotiationTests.Track("TR_v", MediaKind.Video, 20));
        var offer = _builder.Build(SdpFixtures.Local);
        var good = AnswerTo(offer);

        Assert.False(_builder.TryApplyAnswer(good with { Media = [good.Media[0]] }, out _, out _));
        Assert.False(_builder.TryApplyAnswer(good with { Media = [good.Media[1], good.Media[0]] }, out _, out _));
        Assert.False(_builder.TryApplyAnswer(offer, out _, out var error));
        Assert.Equal("an answer has to choose a DTLS role", error);
        Assert.True(_builder.TryApplyAnswer(good, out _, out error), error);
    }

    private void Answer(SdpSession offer) =>
        Assert.True(_builder.TryApplyAnswer(AnswerTo(offer), out _, out var error), error);

    private static SdpSession AnswerTo(SdpSession offer) => offer with
    {
        Media =
        [
            .. offer.Media.Select(media => media with
            {
                Direction = media.Direction.Reversed,
                Transport = media.Transport with { Setup = DtlsSetup.Active },
            }),
        ],
    };
}
