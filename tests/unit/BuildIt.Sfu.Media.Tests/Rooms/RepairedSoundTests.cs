using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>Sound without redundancy, as it is with end-to-end encryption, over links that lose packets: NACK is all there is.</summary>
public sealed class RepairedSoundTests
{
    private readonly VirtualRoom _room = new(seed: 71);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lost_sound_is_asked_for_and_sent_again(bool behindPublisher)
    {
        var (publisher, subscriber) = Talk();
        var link = behindPublisher ? publisher.Up : subscriber.Down;
        link.Settings.Loss = 0.1;
        link.Settings.Delay = TimeSpan.FromMilliseconds(30);
        var before = (subscriber.Audio.Packets, subscriber.Audio.Lost);
        _room.Run(20);
        link.Settings.Loss = 0;
        _room.Run(1);

        var received = subscriber.Audio.Packets - before.Packets;
        var lost = subscriber.Audio.Lost - before.Lost;
        Assert.True(received > 900, $"{received} packets");
        Assert.True(lost <= received / 200, $"{lost} of {received + lost} packets are missing");
        Assert.Empty(_room.Encryption.Refused);
    }

    [Fact]
    public void A_long_gap_asks_no_microphone_for_a_key_frame()
    {
        var (publisher, subscriber) = Talk();
        publisher.Up.Settings.Loss = 1;
        _room.Run(7);
        publisher.Up.Settings.Loss = 0;
        var frames = subscriber.Audio.Frames;
        _room.Run(5);

        Assert.InRange(subscriber.Audio.Frames - frames, 240, 260);
        Assert.Equal(0, publisher.Sources[^1].KeyFrameRequests);
    }

    private (ModelClient Publisher, ModelClient Subscriber) Talk()
    {
        var publisher = _room.Join("a");
        var subscriber = _room.Join("b");
        publisher.Encrypted = true;
        publisher.Publish();
        subscriber.OfferToReceive();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(2);
        return (publisher, subscriber);
    }
}
