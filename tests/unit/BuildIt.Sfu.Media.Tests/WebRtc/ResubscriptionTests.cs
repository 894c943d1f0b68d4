using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Tests.Rooms;
using BuildIt.Sfu.Media.Tests.Sdp;

namespace BuildIt.Sfu.Media.Tests.WebRtc;

/// <summary>A track that is dropped and wanted again before the descriptions have followed, as by somebody who turns a page and back.</summary>
public sealed class ResubscriptionTests
{
    private static readonly TrackSid Camera = new("TR_camera");

    private readonly VirtualRoom _room = new(seed: 91);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(25, false)]
    [InlineData(1, true)]
    [InlineData(4, true)]
    public void It_starts_again_in_the_clients_sections(int times, bool codecChanges)
    {
        var (publisher, subscriber) = Talk();
        for (var i = 0; i < times; i++)
        {
            if (codecChanges)
            {
                publisher.ChangeCodec(audio: true);
                publisher.ChangeCodec(audio: false);
            }

            Toggle(publisher, subscriber);
        }

        ExpectMedia(subscriber);
        Assert.True(subscriber.SectionsRequired.Count <= 2, $"asked {subscriber.SectionsRequired.Count} times");
    }

    [Fact]
    public void It_starts_again_when_it_was_toggled_while_the_node_asked_for_an_offer()
    {
        var (publisher, subscriber) = Talk();
        Toggle(publisher, subscriber);
        _room.SecondsUntil(() => subscriber.SectionsRequired.Count > 0, 1);
        Toggle(publisher, subscriber);
        ExpectMedia(subscriber);
    }

    [Fact]
    public void It_starts_again_when_it_was_toggled_between_an_offer_and_its_answer()
    {
        var (publisher, subscriber) = Talk();
        subscriber.BeforeAnswer = () => Toggle(publisher, subscriber);
        Toggle(publisher, subscriber);
        ExpectMedia(subscriber);
    }

    [Fact]
    public void An_encoding_that_comes_meanwhile_does_not_stop_it()
    {
        var (publisher, subscriber) = Talk();
        subscriber.Peer.Unsubscribe(publisher.VideoSid, _room.Now);
        publisher.PublishSecondEncoding();
        subscriber.Peer.Subscribe(publisher.VideoSid, new SubscriptionSettings(), _room.Now);
        ExpectMedia(subscriber);
    }

    [Fact]
    public void The_nodes_own_offer_stays_small_and_its_answer_starts_what_it_shows()
    {
        RecordedEvents publisher = new();
        RecordedEvents viewer = new();
        var publishing = Join("publisher", publisher, single: true);
        var viewing = Join("viewer", viewer, single: false);
        publishing.Publish(
            new PublishedTrack
            {
                Sid = Camera,
                Publisher = new ParticipantSid("PA_publisher"),
                Kind = TrackKind.Video,
                Origin = TrackOrigin.Camera,
                Encodings = [new("camera", "vp9", [])],
            },
            _room.Now);
        var made = publishing.BeginOffer(RemoteDescription.Parse(SdpFixtures.Text(SdpFixtures.FirefoxCamera)), _room.Now);
        made.Build();
        Assert.Null(publishing.FinishOffer(made, _room.Now).Error);

        viewing.Subscribe(Camera, new SubscriptionSettings(), _room.Now);
        _room.Run(0.1);
        Assert.Single(viewer.Offers);
        for (var i = 0; i < 50; i++)
        {
            viewing.Unsubscribe(Camera, _room.Now);
            viewing.Subscribe(Camera, new SubscriptionSettings(), _room.Now);
        }

        Assert.Null(viewing.HandleAnswer(AnswerTo(viewer.Offers[0]), _room.Now));
        Assert.Empty(viewer.Subscribed);

        _room.Run(0.1);
        Assert.Equal(2, viewer.Offers.Count);
        var second = SdpFixtures.Parse(viewer.Offers[1]);
        Assert.Equal(2, second.Media.Count);
        Assert.NotEqual(SdpFixtures.Parse(viewer.Offers[0]).Media[1].Sources[0].Ssrc, second.Media[1].Sources[0].Ssrc);
        Assert.Null(viewing.HandleAnswer(AnswerTo(viewer.Offers[1]), _room.Now));
        Assert.Equal([Camera], viewer.Subscribed);
        _room.Run(0.1);
        Assert.Equal(2, viewer.Offers.Count);
    }

    private static RemoteDescription AnswerTo(string offer)
    {
        var session = SdpFixtures.Parse(offer);
        return RemoteDescription.Parse(SdpWriter.Write(session with
        {
            Media =
            [
                .. session.Media.Select(media => media with
                {
                    Direction = media.Direction.Reversed,
                    Transport = media.Transport with { Setup = DtlsSetup.Active },
                    Msids = [],
                    Sources = [],
                    SourceGroups = [],
                }),
            ],
        }));
    }

    private (ModelClient Publisher, ModelClient Subscriber) Talk()
    {
        var publisher = _room.Join("p");
        var subscriber = _room.Join("s");
        publisher.TwoCodecs = subscriber.TwoCodecs = publisher.Red = subscriber.Red = true;
        publisher.Publish();
        subscriber.OfferToReceive();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(2);
        subscriber.SectionsRequired.Clear();
        return (publisher, subscriber);
    }

    private void Toggle(ModelClient publisher, ModelClient subscriber)
    {
        subscriber.Peer.Unsubscribe(publisher.VideoSid, _room.Now);
        subscriber.Peer.Unsubscribe(publisher.AudioSid, _room.Now);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
    }

    private void ExpectMedia(ModelClient subscriber)
    {
        _room.Run(1);
        var before = Packets(subscriber);
        _room.Run(1);
        var after = Packets(subscriber);
        Assert.True(after.Audio - before.Audio > 40 && after.Video - before.Video > 20, $"{before} before, {after} after");
        Assert.Empty(_room.Encryption.Refused);
    }

    private static (long Audio, long Video) Packets(ModelClient client) =>
        (client.Receivers.Where(receiver => receiver.IsAudio).Sum(receiver => (long)receiver.Packets), client.Receivers.Where(receiver => !receiver.IsAudio).Sum(receiver => (long)receiver.Packets));

    private IMediaPeer Join(string name, RecordedEvents events, bool single) =>
        _room.Media.AddPeer(new MediaPeerOptions { Sid = new ParticipantSid("PA_" + name), SinglePeerConnection = single }, events, _room.Now);
}
