using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Tests.Rooms;
using BuildIt.Sfu.Media.Tests.Sdp;

namespace BuildIt.Sfu.Media.Tests.WebRtc;

/// <summary>A track in VP9, which its publisher sends in VP8 too when it is asked to, and a viewer that knows VP8 alone.</summary>
public sealed class BackupCodecTests
{
    private static readonly TrackSid Camera = new("TR_camera");

    private readonly VirtualRoom _room = new(seed: 73);
    private readonly RecordedEvents _publisher = new();
    private readonly RecordedEvents _viewer = new();
    private readonly IMediaPeer _publishing;
    private readonly IMediaPeer _viewing;

    public BackupCodecTests()
    {
        _publishing = Join("publisher", _publisher);
        _viewing = Join("viewer", _viewer);
    }

    [Fact]
    public void It_is_asked_for_when_somebody_can_receive_nothing_else()
    {
        View(backups: ["vp8"]);
        Assert.Equal(VideoQualityLevel.High, _publisher.Wanted.Single(codec => codec.Codec == "vp8").Highest);
        Assert.Empty(_viewer.Failures);

        Announce([new("camera", "vp9", []), new("backup", "vp8", [])], []);
        var answer = Offer(_publishing, SdpFixtures.Text(SdpFixtures.FirefoxScreen));
        Assert.Equal("VP8", answer.Media.Single(media => media.Mid == "3").Codecs[0].Name);
        Assert.Equal([Camera], _viewer.Subscribed);
        Assert.True(_viewing.IsSubscribed(Camera));
    }

    [Fact]
    public void It_is_not_asked_for_while_nobody_looks()
    {
        View(backups: ["vp8"], new SubscriptionSettings { Disabled = true });
        Assert.DoesNotContain(_publisher.Wanted, codec => codec.Codec == "vp8" && codec.Highest != VideoQualityLevel.Off);
        _room.Run(20);
        Assert.Empty(_viewer.Failures);

        _viewing.UpdateSubscription(Camera, new SubscriptionSettings { Quality = VideoQualityLevel.Low }, _room.Now);
        _room.Run(1);
        Assert.Equal(VideoQualityLevel.Low, _publisher.Wanted.Single(codec => codec.Codec == "vp8").Highest);

        _viewing.Unsubscribe(Camera, _room.Now);
        _room.Run(20);
        Assert.Equal(VideoQualityLevel.Off, _publisher.Wanted.Single(codec => codec.Codec == "vp8").Highest);
    }

    [Fact]
    public void A_viewer_whose_codec_does_not_come_is_told_once_and_gets_it_when_it_comes_after_all()
    {
        View(backups: ["vp8"]);
        _room.Run(13);
        Assert.Empty(_viewer.Failures);
        _room.Run(10);
        Assert.Equal([SubscriptionFailure.CodecUnsupported], _viewer.Failures);

        Announce([new("camera", "vp9", []), new("backup", "vp8", [])], []);
        Offer(_publishing, SdpFixtures.Text(SdpFixtures.FirefoxScreen));
        Assert.Equal([Camera], _viewer.Subscribed);
    }

    [Fact]
    public void Without_one_the_viewer_is_told_once_and_stays_subscribed()
    {
        View(backups: ["h264"]);
        Assert.Equal([SubscriptionFailure.CodecUnsupported], _viewer.Failures);
        Assert.DoesNotContain(_publisher.Wanted, codec => codec.Codec == "h264" && codec.Highest != VideoQualityLevel.Off);
        Offer(_viewing, Receiving());
        Assert.Single(_viewer.Failures);
        Assert.True(_viewing.IsSubscribed(Camera));
        _viewing.Unsubscribe(Camera, _room.Now);
        Assert.False(_viewing.IsSubscribed(Camera));
    }

    // Firefox's offer of a camera, turned round, of a Firefox that knows VP8 alone.
    private static string Receiving() => SdpFixtures.Text(SdpFixtures.FirefoxCamera)
        .Replace("a=sendonly", "a=recvonly", StringComparison.Ordinal)
        .Replace("VP9/90000", "X9/90000", StringComparison.Ordinal)
        .Replace("AV1/90000", "X1/90000", StringComparison.Ordinal);

    private SdpSession Offer(IMediaPeer peer, string offer)
    {
        var made = peer.BeginOffer(RemoteDescription.Parse(offer), _room.Now);
        made.Build();
        var result = peer.FinishOffer(made, _room.Now);
        Assert.Null(result.Error);
        return SdpFixtures.Parse(result.Sdp);
    }

    /// <summary>The publisher sends VP9, and the viewer has negotiated what it would receive it in.</summary>
    private void View(string[] backups, SubscriptionSettings? settings = null)
    {
        Announce([new("camera", "vp9", [])], backups);
        var answer = Offer(_publishing, SdpFixtures.Text(SdpFixtures.FirefoxCamera));
        Assert.Equal("VP9", answer.Media[0].Codecs[0].Name);
        _viewing.Subscribe(Camera, settings ?? new SubscriptionSettings(), _room.Now);
        Offer(_viewing, Receiving());
        _room.Run(1);
    }

    private void Announce(IReadOnlyList<PublishedEncoding> encodings, string[] backups) => _publishing.Publish(
        new PublishedTrack
        {
            Sid = Camera,
            Publisher = new ParticipantSid("PA_publisher"),
            Kind = TrackKind.Video,
            Origin = TrackOrigin.Camera,
            Encodings = encodings,
            BackupCodecs = backups,
        },
        _room.Now);

    private IMediaPeer Join(string name, RecordedEvents events) =>
        _room.Media.AddPeer(new MediaPeerOptions { Sid = new ParticipantSid("PA_" + name), SinglePeerConnection = true }, events, _room.Now);
}
