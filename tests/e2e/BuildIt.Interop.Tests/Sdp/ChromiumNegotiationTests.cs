using System.Text.Json;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Interop.Tests.Sdp;

/// <summary>Chromium judges the node's answers and offers: setRemoteDescription refuses what it does not understand.</summary>
public sealed class ChromiumNegotiationTests
{
    private static readonly LocalDescription Local = new()
    {
        SessionId = 77,
        IceUfrag = "nodeufrag",
        IcePassword = "nodepasswordnodepassword",
        Fingerprint = new SdpFingerprint("sha-256", string.Join(':', Enumerable.Repeat("AB", 32))),
        Candidates = ["candidate:1 1 udp 2130706431 127.0.0.1 9 typ host"],
    };

    [Fact]
    public async Task Chromium_takes_the_answer_to_a_simulcast_publisher()
    {
        await using var browser = await ChromiumBrowser.StartAsync();
        var page = await browser.OpenAsync("about:blank");
        var offer = await page.EvaluateAsync<string>("""
            async () => {
              window.pc = new RTCPeerConnection();
              pc.createDataChannel('_reliable');
              pc.addTransceiver('audio', { direction: 'sendonly' });
              pc.addTransceiver('video', { direction: 'sendonly', sendEncodings: [{ rid: 'q', scaleResolutionDownBy: 4 }, { rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }] });
              await pc.setLocalDescription(await pc.createOffer());
              return pc.localDescription.sdp;
            }
            """);

        var answer = Answer(Parse(offer), new Sections(), out var result);
        var state = await page.EvaluateAsync<JsonElement>("""
            async sdp => {
              await pc.setRemoteDescription({ type: 'answer', sdp });
              const [audio, video] = pc.getTransceivers();
              return {
                directions: pc.getTransceivers().map(t => t.currentDirection),
                rids: video.sender.getParameters().encodings.map(e => e.rid + ':' + e.active),
                codec: video.sender.getParameters().codecs[0].mimeType,
                opus: audio.sender.getParameters().codecs[0].sdpFmtpLine,
                maxMessageSize: pc.sctp.maxMessageSize,
              };
            }
            """, answer);

        Assert.Equal(["sendonly", "sendonly"], Strings(state, "directions"));
        Assert.Equal(["q:true", "h:true", "f:true"], Strings(state, "rids"));
        Assert.Equal("video/VP8", state.GetProperty("codec").GetString());
        Assert.Contains("usedtx=1", state.GetProperty("opus").GetString(), StringComparison.Ordinal);
        Assert.Equal(LocalDescription.MaxMessageSize, state.GetProperty("maxMessageSize").GetInt32());
        Assert.Equal(["q", "h", "f"], result.Sections.Single(section => section.Kind == MediaKind.Video).Rids);
    }

    [Fact]
    public async Task Chromium_shows_subscribed_tracks_of_a_single_connection_and_follows_their_replacement()
    {
        await using var browser = await ChromiumBrowser.StartAsync();
        var page = await browser.OpenAsync("about:blank");
        var sections = new Sections();
        sections.Receiving.Add(Track("TR_audio", MediaKind.Audio, 100));
        sections.Receiving.Add(Track("TR_video", MediaKind.Video, 200));
        var offer = await page.EvaluateAsync<string>("""
            async () => {
              window.pc = new RTCPeerConnection();
              window.tracks = [];
              pc.ontrack = e => tracks.push(e.track.kind + ' ' + e.streams[0].id + ' ' + e.transceiver.mid);
              pc.createDataChannel('_reliable');
              for (const kind of ['audio', 'audio', 'audio', 'video', 'video', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
              await pc.setLocalDescription(await pc.createOffer());
              return pc.localDescription.sdp;
            }
            """);

        const string TakeAnswer = "async sdp => { await pc.setRemoteDescription({ type: 'answer', sdp }); return tracks.splice(0); }";
        const string OfferAgain = "async () => { await pc.setLocalDescription(await pc.createOffer()); return pc.localDescription.sdp; }";
        var events = await page.EvaluateAsync<string[]>(TakeAnswer, Answer(Parse(offer), sections, out var result));
        var videoMid = result.MidToTrack.Single(pair => pair.Value == "TR_video").Key;
        Assert.Contains($"video PA_x|TR_video {videoMid}", events);
        Assert.Equal(2, events.Length);

        sections.Receiving.Remove("TR_video");
        events = await page.EvaluateAsync<string[]>(TakeAnswer, Answer(Parse(await page.EvaluateAsync<string>(OfferAgain)), sections, out _));
        Assert.Empty(events);
        sections.Receiving.Add(Track("TR_other", MediaKind.Video, 300));
        events = await page.EvaluateAsync<string[]>(TakeAnswer, Answer(Parse(await page.EvaluateAsync<string>(OfferAgain)), sections, out _));
        Assert.Single(events, $"video PA_x|TR_other {videoMid}");
    }

    [Fact]
    public async Task Chromium_answers_the_nodes_offers_and_reuses_sections()
    {
        await using var browser = await ChromiumBrowser.StartAsync();
        var page = await browser.OpenAsync("about:blank");
        const string AnswerOffer = """
            async sdp => {
              window.pc ??= new RTCPeerConnection();
              window.tracks = [];
              pc.ontrack = e => tracks.push(e.track.kind + ' ' + e.streams[0].id);
              await pc.setRemoteDescription({ type: 'offer', sdp });
              await pc.setLocalDescription(await pc.createAnswer());
              return [pc.localDescription.sdp, ...tracks];
            }
            """;
        var builder = new OfferBuilder(new CodecPolicy());
        builder.Add(Track("TR_a", MediaKind.Audio, 10));
        builder.Add(Track("TR_v", MediaKind.Video, 20));

        var (result, tracks) = await Round();
        Assert.Equal(["audio PA_x|TR_a", "video PA_x|TR_v"], tracks);
        Assert.True(result.HasData);
        Assert.False(result.NodeIsDtlsClient);
        var video = result.Sections[2];
        Assert.Equal((96, 97), (video.Codecs[0].PayloadType, video.Codecs[0].RtxPayloadType!.Value));
        Assert.Equal(["VP8", "VP9", "AV1"], video.Codecs.Select(codec => codec.Name).Distinct().Where(name => name != "H264"));
        Assert.Equal(3, video.Extensions.TransportCc);
        Assert.Equal("opus", result.Sections[1].Codecs[0].Name);

        builder.Remove("TR_v");
        (result, tracks) = await Round();
        Assert.Empty(tracks);
        Assert.Single(result.MidToTrack);

        Assert.Equal("2", builder.Add(Track("TR_w", MediaKind.Video, 30)));
        (_, tracks) = await Round();
        Assert.Equal(["video PA_x|TR_w"], tracks);

        async Task<(NegotiatedSession Result, string[] Tracks)> Round()
        {
            var reply = await page.EvaluateAsync<string[]>(AnswerOffer, SdpWriter.Write(builder.Build(Local)));
            Assert.True(builder.TryApplyAnswer(Parse(reply[0]), out var negotiated, out var error), error);
            return (negotiated, reply[1..]);
        }
    }

    private static string Answer(SdpSession offer, Sections sections, out NegotiatedSession result)
    {
        sections.Receiving.Assign(offer);
        Assert.True(sections.Builder.TryAnswer(offer, Local, sections, out var answer, out result, out var error), error);
        return SdpWriter.Write(answer);
    }

    private static SdpSession Parse(string text)
    {
        Assert.True(SdpParser.TryParse(text, out var session, out var error), error.ToString());
        return session;
    }

    private static string[] Strings(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static SendTrack Track(string id, MediaKind kind, uint ssrc) => new()
    {
        TrackId = id,
        StreamId = $"PA_x|{id}",
        Kind = kind,
        Ssrc = ssrc,
        RtxSsrc = kind == MediaKind.Video ? ssrc + 1 : null,
        Cname = "PA_x",
    };

    private sealed class Sections : IAnswerContext
    {
        public AnswerBuilder Builder { get; } = new(new CodecPolicy());

        public ReceivingSections Receiving { get; } = new();

        public ReceivePreferences PreferencesFor(string mid) => ReceivePreferences.Default;

        public SendTrack? TrackFor(string mid, MediaKind kind) => Receiving.TrackFor(mid);
    }
}
