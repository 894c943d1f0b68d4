using System.Buffers.Binary;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>
/// A publisher that sends redundant audio (RFC 2198), and subscribers that know it or do not (Firefox, Safari): all hear it, unless
/// it is encrypted end to end, where no redundancy is asked for.
/// </summary>
public sealed class RedundantAudioTests
{
    private readonly VirtualRoom _room = new(seed: 41);

    [Fact]
    public void Those_who_know_redundancy_get_it()
    {
        var (publisher, subscriber) = Talk(publishesRed: true, encrypted: false, knowsRed: true);

        Assert.True(publisher.Sources[^1].IsRed);
        Assert.Equal(ModelSource.Red, subscriber.Audio.PayloadType);
        Assert.Equal(0x80 | ModelSource.Opus, subscriber.Audio.Payload[0]);
    }

    [Fact]
    public void Those_who_do_not_get_the_newest_sound_of_each_packet()
    {
        var (publisher, subscriber) = Talk(publishesRed: true, encrypted: false, knowsRed: false);

        Assert.True(publisher.Sources[^1].IsRed);
        Assert.Equal(ModelSource.Opus, subscriber.Audio.PayloadType);
        var before = BinaryPrimitives.ReadInt32BigEndian(subscriber.Audio.Payload);
        var frames = subscriber.Audio.Frames;
        _room.Run(2);
        Assert.Equal(BinaryPrimitives.ReadInt32BigEndian(subscriber.Audio.Payload) - before, subscriber.Audio.Frames - frames);
        Assert.InRange(subscriber.Audio.Frames - frames, 99, 101);
        Assert.True(subscriber.Audio.LongestGap < TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Both_kinds_in_one_room_get_what_they_know()
    {
        var publisher = _room.Join("a");
        var modern = _room.Join("b");
        var plain = _room.Join("c");
        publisher.Red = modern.Red = true;
        foreach (var client in new[] { publisher, modern, plain })
        {
            client.Publish();
        }

        _room.Run(1);
        modern.Subscribe(publisher, new SubscriptionSettings());
        plain.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(3);

        Assert.Equal((ModelSource.Red, ModelSource.Opus), (modern.Audio.PayloadType, plain.Audio.PayloadType));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Encrypted_sound_is_not_asked_for_with_redundancy(bool knowsRed)
    {
        var (publisher, subscriber) = Talk(publishesRed: true, encrypted: true, knowsRed);

        Assert.False(publisher.Sources[^1].IsRed);
        Assert.Equal(ModelSource.Opus, subscriber.Audio.PayloadType);
        Assert.True(subscriber.Audio.Frames > 50);
    }

    private (ModelClient Publisher, ModelClient Subscriber) Talk(bool publishesRed, bool encrypted, bool knowsRed)
    {
        var publisher = _room.Join("a");
        var subscriber = _room.Join("b");
        (publisher.Red, publisher.Encrypted, subscriber.Red) = (publishesRed, encrypted, knowsRed);
        publisher.Publish();
        subscriber.Publish();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(3);
        return (publisher, subscriber);
    }
}
