using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>What cannot be repaired is seen by who decodes, and the publisher is asked for a key frame; who is silent is left alone.</summary>
public sealed class LostForGoodTests
{
    private readonly VirtualRoom _room = new(seed: 72);

    /// <summary>More packets than are asked for one by one, and than numbers are kept for.</summary>
    [Theory]
    [InlineData(2.0)]
    [InlineData(8.0)]
    public void A_gap_too_long_to_repair_is_visible_and_asks_for_a_key_frame(double seconds)
    {
        var (publisher, subscriber) = Watch();
        publisher.Up.Settings.Loss = 1;
        _room.Run(seconds);
        var before = Requests(publisher);
        publisher.Up.Settings.Loss = 0;

        // Before the subscriber has given up waiting, after 600 ms, and asks itself.
        Assert.True(_room.SecondsUntil(() => Requests(publisher) > before, 2) < 0.2, "no key frame was asked for");
        var frames = subscriber.Video.Frames;
        _room.Run(3);

        Assert.Empty(subscriber.Video.Faults);
        Assert.InRange(subscriber.Video.Frames - frames, 60, 80);
    }

    [Fact]
    public void A_layer_that_fell_silent_is_asked_less_and_less_often()
    {
        var (publisher, subscriber) = Watch();
        foreach (var source in publisher.Sources)
        {
            source.IsActive = false;
        }

        _room.Run(0.1);
        subscriber.AskForKeyFrame();
        _room.Run(0.1);
        var before = Requests(publisher);
        _room.Run(60);

        Assert.InRange(Requests(publisher) - before, 1, 12);
        foreach (var source in publisher.Sources)
        {
            source.IsActive = true;
        }

        _room.Run(1);
        Assert.Empty(subscriber.Video.Faults);
    }

    [Fact]
    public void Nobody_is_asked_for_a_key_frame_that_nobody_waits_for()
    {
        var (publisher, subscriber) = Watch();
        foreach (var source in publisher.Sources)
        {
            source.IsActive = false;
        }

        _room.Run(0.1);
        subscriber.AskForKeyFrame();
        _room.Run(0.1);
        subscriber.Peer.Unsubscribe(publisher.VideoSid, _room.Now);
        var before = Requests(publisher);
        _room.Run(30);

        Assert.Equal(0, Requests(publisher) - before);
    }

    [Fact]
    public void Every_stream_is_reported_on()
    {
        var publisher = _room.Join("p");
        publisher.PublishSounds(70);
        _room.Run(5);

        Assert.Equal(publisher.Sources.Select(source => source.Ssrc).ToHashSet(), publisher.ReportedOn);
    }

    private static int Requests(ModelClient publisher) => publisher.Sources.Sum(source => source.KeyFrameRequests);

    private (ModelClient Publisher, ModelClient Subscriber) Watch()
    {
        var publisher = _room.Join("p");
        var subscriber = _room.Join("s");
        publisher.Publish();
        subscriber.OfferToReceive();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(3);
        return (publisher, subscriber);
    }
}
