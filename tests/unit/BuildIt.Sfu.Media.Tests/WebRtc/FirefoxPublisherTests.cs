using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Tests.Rooms;
using BuildIt.Sfu.Media.Tests.Sdp;

namespace BuildIt.Sfu.Media.Tests.WebRtc;

/// <summary>
/// What Firefox publishes, by offers recorded from it: the tracks in its msid lines have ids of their own, which no announcement
/// names. A section keeps its track until Firefox takes it away.
/// </summary>
public sealed class FirefoxPublisherTests
{
    private static readonly TrackSid Camera = new("TR_camera");
    private static readonly TrackSid Microphone = new("TR_microphone");
    private static readonly TrackSid Screen = new("TR_screen");

    private readonly VirtualRoom _room = new(seed: 71);
    private readonly RecordedEvents _told = new();
    private readonly IMediaPeer _peer;

    public FirefoxPublisherTests() =>
        _peer = _room.Media.AddPeer(new MediaPeerOptions { Sid = new ParticipantSid("PA_firefox"), SinglePeerConnection = true }, _told, _room.Now);

    [Fact]
    public void Tracks_stay_when_others_come_and_go_and_when_ICE_is_restarted()
    {
        Announce(Camera, TrackKind.Video);
        Offer(SdpFixtures.FirefoxCamera);
        Assert.Equal([(Camera, "0")], _told.Negotiated);

        Announce(Microphone, TrackKind.Audio);
        Offer(SdpFixtures.FirefoxMicrophone);
        Announce(Screen, TrackKind.Video);
        Offer(SdpFixtures.FirefoxScreen);
        Assert.Equal([(Camera, "0"), (Microphone, "2"), (Screen, "3")], _told.Negotiated);
        Assert.Empty(_told.Ended);

        Offer(SdpFixtures.FirefoxWithoutCamera);
        Offer(SdpFixtures.FirefoxRestart);
        Assert.Equal([Camera], _told.Ended);
        Assert.Equal(3, _told.Negotiated.Count);
    }

    [Fact]
    public void Several_at_once_are_told_apart_by_the_order_of_their_announcements()
    {
        // One that has been here before and is gone, so that its place in memory is free.
        Announce(new TrackSid("TR_gone"), TrackKind.Video);
        Announce(Camera, TrackKind.Video);
        _peer.Unpublish(new TrackSid("TR_gone"), _room.Now);
        Announce(Screen, TrackKind.Video);
        Announce(Microphone, TrackKind.Audio);
        Offer(SdpFixtures.FirefoxScreen);
        Assert.Equal([(Camera, "0"), (Microphone, "2"), (Screen, "3")], _told.Negotiated);
    }

    [Fact]
    public void A_track_whose_cid_is_named_is_nobody_elses()
    {
        // A client whose msid is its cid for some tracks only: what is named comes before what has to be guessed.
        Announce(Camera, TrackKind.Video, cid: "{ab75cf68-fb9d-454a-a20c-3f3612f2083b}");
        Announce(Screen, TrackKind.Video);
        Offer(SdpFixtures.FirefoxScreen);
        Assert.Equal([(Screen, "0"), (Camera, "3")], _told.Negotiated);
    }

    [Fact]
    public void A_section_waits_for_its_announcement()
    {
        Offer(SdpFixtures.FirefoxScreen);
        Assert.Empty(_told.Negotiated);
        Announce(Camera, TrackKind.Video);
        Announce(Screen, TrackKind.Video);
        Assert.Equal([(Camera, "0"), (Screen, "3")], _told.Negotiated);
    }

    [Fact]
    public void The_codec_asked_for_stays_the_one_asked_for()
    {
        Announce(Camera, TrackKind.Video, codec: "vp9");
        Assert.Equal("VP9", FirstCodec(Offer(SdpFixtures.FirefoxCamera), "0"));
        Announce(Screen, TrackKind.Video, codec: "av1");
        var answer = Offer(SdpFixtures.FirefoxScreen);
        Assert.Equal("VP9", FirstCodec(answer, "0"));
        Assert.Equal("AV1", FirstCodec(answer, "3"));
    }

    [Fact]
    public void Another_msid_is_another_track()
    {
        Announce(Camera, TrackKind.Video);
        Offer(SdpFixtures.FirefoxCamera);
        var other = SdpFixtures.Text(SdpFixtures.FirefoxCamera).Replace("{a6259b75-9c75-43b4-8e8a-7168309bf32e}", "{00000000-0000-4000-8000-000000000000}", StringComparison.Ordinal);
        Announce(Screen, TrackKind.Video);
        OfferText(other);
        Assert.Equal([Camera], _told.Ended);
        Assert.Equal([(Camera, "0"), (Screen, "0")], _told.Negotiated);
    }

    [Fact]
    public void A_track_the_node_ended_leaves_its_section_to_nobody()
    {
        Announce(Camera, TrackKind.Video);
        Offer(SdpFixtures.FirefoxCamera);
        _peer.Unpublish(Camera, _room.Now);
        Announce(Screen, TrackKind.Video);
        Offer(SdpFixtures.FirefoxScreen);
        Assert.Equal([(Camera, "0"), (Screen, "3")], _told.Negotiated);
    }

    private static string FirstCodec(SdpSession answer, string mid) => answer.Media.Single(media => media.Mid == mid).Codecs[0].Name;

    private void Announce(TrackSid sid, TrackKind kind, string? cid = null, string codec = "") => _peer.Publish(
        new PublishedTrack
        {
            Sid = sid,
            Publisher = new ParticipantSid("PA_firefox"),
            Kind = kind,
            Origin = TrackOrigin.Unknown,
            Encodings = [new PublishedEncoding(cid ?? $"{{{sid.Value}}}", codec, [])],
        },
        _room.Now);

    private SdpSession Offer(string fixture) => OfferText(SdpFixtures.Text(fixture));

    private SdpSession OfferText(string offer)
    {
        var made = _peer.BeginOffer(RemoteDescription.Parse(offer), _room.Now);
        made.Build();
        var result = _peer.FinishOffer(made, _room.Now);
        Assert.Null(result.Error);
        return SdpFixtures.Parse(result.Sdp);
    }
}
