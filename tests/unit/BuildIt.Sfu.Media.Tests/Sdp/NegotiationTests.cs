using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Tests.Sdp;

public class NegotiationTests
{
    [Fact]
    public void Publisher_offer_is_answered_with_simulcast_and_the_offers_payload_types()
    {
        var offer = SdpFixtures.Parsed(SdpFixtures.ChromiumPublisher);

        Assert.True(TryAnswer(offer, out var answer, out var result, out var error), error);

        Assert.Equal(["0", "1", "2"], answer.BundleGroups[0]);
        var audio = answer.Media[0];
        Assert.Equal(MediaDirection.RecvOnly, audio.Direction);
        Assert.Equal(["111", "63", "0", "8"], audio.Formats);
        Assert.Equal("minptime=10;useinbandfec=1;usedtx=1", audio.Codecs[0].Parameters);
        var video = answer.Media[1];
        Assert.Equal(["q", "h", "f"], video.SimulcastReceive.Select(stream => stream.Rid));
        Assert.Empty(video.SimulcastSend);
        Assert.All(video.Rids, rid => Assert.False(rid.Sends));
        Assert.Equal(["VP8", "rtx", "H264", "rtx", "H264", "rtx", "H264", "rtx", "AV1", "rtx", "VP9", "rtx", "VP9", "rtx"], video.Codecs.Select(codec => codec.Name));
        Assert.All(answer.Media, media => Assert.Equal(DtlsSetup.Passive, media.Transport.Setup));

        Assert.False(result.NodeIsDtlsClient);
        Assert.True(result.HasData);
        Assert.Equal(262144, result.RemoteMaxMessageSize);
        Assert.Equal("icsC", result.Remote.IceUfrag);
        var section = result.Sections[1];
        Assert.Equal("a2136426-15d0-4a52-a9cd-caa22f17e6f6", section.RemoteMsid!.Track);
        Assert.Equal(["q", "h", "f"], section.Rids);
        Assert.Equal((96, 97), (section.Codecs[0].PayloadType, section.Codecs[0].RtxPayloadType!.Value));
        Assert.Equal((4, 10, 11, 3, 12), (section.Extensions.Mid, section.Extensions.Rid, section.Extensions.RepairedRid, section.Extensions.TransportCc, section.Extensions.DependencyDescriptor));
        Assert.True(section.Codecs[0] is { Nack: true, Pli: true, TransportCc: true });
    }

    [Fact]
    public void Preferences_shape_what_the_client_sends()
    {
        var offer = SdpFixtures.Parsed(SdpFixtures.ChromiumPublisher);
        var context = new Context
        {
            Preferences = new ReceivePreferences { PreferredCodecs = ["vp9"], Dtx = false, Stereo = true, AllowRed = false },
        };

        Assert.True(new AnswerBuilder(new CodecPolicy(["av1"])).TryAnswer(offer, SdpFixtures.Local, context, out var answer, out _, out var error), error);

        Assert.Equal("VP9", answer.Media[1].Codecs[0].Name);
        Assert.DoesNotContain(answer.Media[1].Codecs, codec => codec.Is("AV1"));
        Assert.DoesNotContain(answer.Media[0].Codecs, codec => codec.Is("red"));
        Assert.Equal("minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=510000", answer.Media[0].Codecs[0].Parameters);
    }

    [Fact]
    public void Single_connection_carries_subscribed_tracks_in_the_clients_sections()
    {
        var sections = new ReceivingSections();
        sections.Add(Track("TR_a", MediaKind.Audio, 1000));
        for (var i = 0; i < 4; i++)
        {
            sections.Add(Track($"TR_v{i}", MediaKind.Video, (uint)(2000 + 2 * i)));
        }

        var offer = SdpFixtures.Parsed(SdpFixtures.ChromiumSinglePublishing);
        sections.Assign(offer);

        Assert.Equal((0, 1), (sections.MissingAudio, sections.MissingVideo));
        var builder = new AnswerBuilder(new CodecPolicy());
        Assert.True(builder.TryAnswer(offer, SdpFixtures.Local, new Context { Sections = sections }, out var answer, out var result, out var error), error);
        Assert.Equal(offer.Media.Select(media => media.Mid), answer.Media.Select(media => media.Mid));
        var first = answer.Media[0];
        Assert.Equal(MediaDirection.SendOnly, first.Direction);
        Assert.Equal(new SdpMsid("PA_x|TR_a", "TR_a"), first.Msids[0]);
        Assert.Equal(1000u, first.Sources[0].Ssrc);
        Assert.Equal(MediaDirection.Inactive, answer.Media[1].Direction);
        var video = answer.Media[3];
        Assert.Equal([2000u, 2001u], video.SourceGroups[0].Ssrcs);
        Assert.Equal("TR_v0", result.MidToTrack[video.Mid]);
        Assert.Equal(4, result.MidToTrack.Count);

        // A section whose track is gone is shown inactive once before it carries another.
        Assert.True(sections.Remove("TR_v0"));
        Assert.True(sections.NeedsOffer);
        sections.Assign(offer);
        Assert.Null(sections.TrackFor(video.Mid));
        Assert.Equal(0, sections.MissingVideo);
        sections.Assign(offer);
        Assert.Equal("TR_v3", sections.TrackFor(video.Mid)!.TrackId);
        Assert.False(sections.NeedsOffer);
    }

    [Fact]
    public void A_track_that_comes_again_with_other_sources_needs_another_offer()
    {
        var sections = new ReceivingSections();
        var offer = SdpFixtures.Parsed(SdpFixtures.ChromiumSinglePublishing);
        sections.Add(Track("TR_a", MediaKind.Audio, 1000));
        sections.Assign(offer);
        var mid = offer.Media.Single(media => sections.TrackFor(media.Mid) is not null).Mid;
        Assert.False(sections.NeedsOffer);

        sections.Remove("TR_a");
        sections.Add(Track("TR_a", MediaKind.Audio, 1001));
        Assert.True(sections.NeedsOffer);
        Assert.Equal((0, 0), (sections.MissingAudio, sections.MissingVideo));
        sections.Assign(offer);
        Assert.Equal(1001u, sections.TrackFor(mid)!.Ssrc);
        Assert.False(sections.NeedsOffer);

        sections.Add(Track("TR_a", MediaKind.Audio, 1001) with { PreferredCodecs = ["opus"] });
        Assert.True(sections.NeedsOffer);
    }

    /// <summary>Whoever leaves with a hundred tracks has a hundred dropped at everybody, on a loop that media waits for.</summary>
    [Fact]
    public void Dropping_one_of_many_tracks_does_not_go_through_them_all()
    {
        const int Count = 4000;
        var sections = new ReceivingSections();
        for (var i = 0u; i < Count; i++)
        {
            sections.Add(Track($"TR_{i}", MediaKind.Audio, i));
        }

        var media = SdpFixtures.Parsed(SdpFixtures.ChromiumSingleFirst).Media.First(section => section.Kind == MediaKind.Audio);
        sections.Assign(new SdpSession { Media = [.. Enumerable.Range(0, 500).Select(i => media with { Mid = $"m{i}", Direction = MediaDirection.RecvOnly })] });
        Assert.Equal(Count - 500, sections.MissingAudio);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0u; i < 1000; i++)
        {
            Assert.True(sections.Remove($"TR_{i}"));
            Assert.True(sections.NeedsOffer);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed.TotalMilliseconds:0} ms");
        Assert.Equal(Count - 1000, sections.MissingAudio);
    }

    [Fact]
    public void Firefox_offer_keeps_its_own_numbers()
    {
        Assert.True(TryAnswer(SdpFixtures.Parsed(SdpFixtures.Firefox), out var answer, out var result, out var error), error);

        Assert.Equal(["120", "124", "121", "125", "126", "127"], answer.Media[1].Formats);
        Assert.Equal(["q", "h", "f"], result.Sections[1].Rids);
        Assert.Equal((8, 9, 3), (result.Sections[1].Extensions.Rid, result.Sections[1].Extensions.RepairedRid, result.Sections[1].Extensions.Mid));
        Assert.Equal("{b90b6c2e-04f7-49f3-a1d7-0f5f7d3f7b11}", result.Sections[0].RemoteMsid!.Track);
        Assert.Equal("DTLS", answer.Media[2].Protocol.Split('/')[1]);
    }

    [Fact]
    public void Native_offer_with_a_sim_group_gives_its_layers_in_order_and_keeps_the_refused_section()
    {
        Assert.True(TryAnswer(SdpFixtures.Parsed(SdpFixtures.Libwebrtc), out var answer, out var result, out var error), error);

        Assert.Equal([new(11, 12), new(13, 14), new NegotiatedSource(15, 16)], result.Sections[2].RemoteSources);
        Assert.Empty(result.Sections[2].Rids);
        Assert.Equal(MediaDirection.RecvOnly, answer.Media[2].Direction);
        Assert.Equal(0, answer.Media[3].Port);
        Assert.True(result.Sections[3].Rejected);
        Assert.Equal(["0", "1", "2"], answer.BundleGroups[0]);
    }

    [Theory]
    [InlineData("a=ice-ufrag:VwLG\r\n", "", "no ICE credentials")]
    [InlineData("a=group:BUNDLE 7 8 9 10 11 12\r\n", "", "the sections are not bundled")]
    [InlineData("a=setup:actpass", "a=setup:holdconn", "setup:holdconn is not supported")]
    public void Unusable_offers_are_refused_in_words(string part, string replacement, string expected)
    {
        var text = SdpFixtures.Text(SdpFixtures.ChromiumSingleFirst).ReplaceLineEndings("\r\n");
        var bundle = System.Text.RegularExpressions.Regex.Match(text, "a=group:BUNDLE[^\r]*\r\n").Value;
        var ufrag = System.Text.RegularExpressions.Regex.Match(text, "a=ice-ufrag:[^\r]*\r\n").Value;
        var actual = part.StartsWith("a=group", StringComparison.Ordinal) ? bundle : part.StartsWith("a=ice", StringComparison.Ordinal) ? ufrag : part;
        var offer = SdpFixtures.Parse(text.Replace(actual, replacement, StringComparison.Ordinal));

        Assert.False(TryAnswer(offer, out _, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Fact]
    public void A_section_without_a_known_codec_is_refused_alone()
    {
        var text = SdpFixtures.Text(SdpFixtures.Libwebrtc).Replace("opus/48000/2", "speex/16000", StringComparison.Ordinal)
            .Replace("PCMU", "X1", StringComparison.Ordinal).Replace("PCMA", "X2", StringComparison.Ordinal);

        Assert.True(TryAnswer(SdpFixtures.Parse(text), out var answer, out var result, out var error), error);

        Assert.Equal(0, answer.Media[1].Port);
        Assert.True(result.Sections[1].Rejected);
        Assert.Equal(["0", "2"], answer.BundleGroups[0]);
    }

    internal static bool TryAnswer(SdpSession offer, out SdpSession answer, out NegotiatedSession result, out string error) =>
        new AnswerBuilder(new CodecPolicy()).TryAnswer(offer, SdpFixtures.Local, new Context(), out answer, out result, out error);

    internal static SendTrack Track(string id, MediaKind kind, uint ssrc) => new()
    {
        TrackId = id,
        StreamId = $"PA_x|{id}",
        Kind = kind,
        Ssrc = ssrc,
        RtxSsrc = kind == MediaKind.Video ? ssrc + 1 : null,
        Cname = "PA_x",
    };

    private sealed class Context : IAnswerContext
    {
        public ReceivePreferences Preferences { get; init; } = ReceivePreferences.Default;

        public ReceivingSections? Sections { get; init; }

        public ReceivePreferences PreferencesFor(string mid) => Preferences;

        public SendTrack? TrackFor(string mid, MediaKind kind) => Sections?.TrackFor(mid);
    }
}
