using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>A whole room, from the publisher's encoder to the subscriber's decoder, over bad networks in virtual time.</summary>
public sealed class RoomOverNetworkTests
{
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(0, 0, 20)]
    [InlineData(1, 0.02, 50)]
    [InlineData(2, 0.05, 100)]
    [InlineData(3, 0.1, 50)]
    [InlineData(4, 0.1, 150)]
    [InlineData(5, 0.2, 100)]
    [InlineData(6, 0.05, 300)]
    public void Frames_arrive_in_order_whatever_the_network_does(int seed, double loss, int delayMilliseconds)
    {
        var (room, publisher, subscriber) = Connected(seed);
        foreach (var link in new[] { subscriber.Down, subscriber.Up })
        {
            link.Settings.Loss = loss;
            link.Settings.Delay = TimeSpan.FromMilliseconds(delayMilliseconds / 2.0);
            link.Settings.Reordering = 0.02;
            link.Settings.Duplication = 0.01;
        }

        room.Run(3);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        var before = subscriber.Video.Frames;
        room.Run(15);

        Assert.Empty(subscriber.Video.Faults);
        Assert.True(subscriber.Video.MostWaiting < 600, $"{subscriber.Video.MostWaiting} packets wait");
        Assert.True(loss == 0 || subscriber.Video.RepairedPackets > 0, "nothing was repaired");
        if (loss <= 0.1)
        {
            // A repair that is lost itself is asked for again after a round trip and a quarter.
            var limit = FreezeLimit + TimeSpan.FromMilliseconds(delayMilliseconds * 1.25);
            Assert.True(subscriber.Video.LongestGap <= limit, $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");

            // Over a long path some frames are given up: their repair, lost itself, would come too late.
            var share = delayMilliseconds > 150 ? 0.8 : 0.9;
            Assert.InRange(subscriber.Video.Frames - before, 15 * 25 * share, 15 * 25 + 10);
        }

        Assert.True(subscriber.Audio.LongestGap < TimeSpan.FromMilliseconds(600), $"no sound for {subscriber.Audio.LongestGap.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void Loss_on_the_publishers_link_is_repaired_before_subscribers_see_it()
    {
        var (room, publisher, subscriber) = Connected(seed: 11);
        publisher.Up.Settings.Loss = 0.05;
        publisher.Up.Settings.Delay = TimeSpan.FromMilliseconds(30);
        publisher.Up.Settings.Reordering = 0.02;
        room.Run(15);

        Assert.Empty(subscriber.Video.Faults);
        Assert.True(publisher.Sources.Sum(s => s.Repaired) > 20, "the node asked for nothing");
        Assert.True(subscriber.Video.LongestGap <= FreezeLimit, $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
    }

    [Theory]
    [InlineData(21, 900, 1)]
    [InlineData(22, 300, 0)]
    [InlineData(23, 400, 0)]
    public void Video_falls_within_3_seconds_and_returns_within_10(int seed, int kilobits, int layer)
    {
        var (room, _, subscriber) = Connected(seed);
        Assert.True(room.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        room.Run(2);
        subscriber.Video.LongestGap = TimeSpan.Zero;

        subscriber.Down.Settings.Rate = DataRate.FromKilobits(kilobits);
        var fell = room.SecondsUntil(() => subscriber.Video.Layer <= layer, 10);
        room.Run(12);
        Assert.Equal(layer, subscriber.Video.Layer);
        subscriber.Down.Settings.Rate = DataRate.FromMegabits(50);
        var rose = room.SecondsUntil(() => subscriber.Video.Layer == 2, 15);

        Assert.True(fell <= 3, $"fell after {fell:0.0} s");
        Assert.True(rose <= 10, $"returned after {rose:0.0} s");
        Assert.Empty(subscriber.Video.Faults);
        Assert.True(subscriber.Video.LongestGap <= FreezeLimit, $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
        Assert.True(subscriber.Audio.LongestGap <= FreezeLimit, $"no sound for {subscriber.Audio.LongestGap.TotalMilliseconds:0} ms");
        Assert.Empty(subscriber.StreamStates);
    }

    [Fact]
    public void A_link_too_thin_for_any_video_pauses_it_keeps_sound_and_resumes()
    {
        var (room, _, subscriber) = Connected(seed: 31);
        room.Run(4);
        subscriber.Down.Settings.Rate = DataRate.FromKilobits(90);
        Assert.True(room.SecondsUntil(() => subscriber.StreamStates is [.., { State: TrackStreamState.Paused }], 10) < 10, "the pause is not reported");
        room.Run(3);
        var before = subscriber.Audio.Packets;
        room.Run(4);
        Assert.True(subscriber.Audio.Packets - before > 4 * 50 * 0.9, $"{subscriber.Audio.Packets - before} audio packets in 4 s");

        subscriber.Down.Settings.Rate = DataRate.FromMegabits(5);
        Assert.True(room.SecondsUntil(() => subscriber.StreamStates is [.., { State: TrackStreamState.Active }], 10) < 10, "the end of the pause is not reported");
        var frames = subscriber.Video.Frames;
        Assert.True(room.SecondsUntil(() => subscriber.Video.Frames > frames + 20, 4) < 4, "video does not go on");
        Assert.Empty(subscriber.Video.Faults);
    }

    [Fact]
    public void Small_tiles_get_the_low_layer_hidden_ones_nothing_and_unwatched_layers_stop()
    {
        var (room, publisher, subscriber) = Connected(seed: 41);
        Assert.True(room.SecondsUntil(() => subscriber.Video.Layer == 2, 12) < 12, "the high layer is not reached");
        room.Run(10);

        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings { Width = 160, Height = 90 }, room.Now);
        Assert.True(room.SecondsUntil(() => subscriber.Video.Layer == 0, 3) < 3, "the small tile gets more than the low layer");
        Assert.True(room.SecondsUntil(() => !publisher.Sources[1].IsActive && !publisher.Sources[2].IsActive, 10) < 10, "unwatched layers are still sent");
        Assert.True(publisher.Sources[0].IsActive);

        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings { Disabled = true }, room.Now);
        room.Run(0.5);
        subscriber.Video.ExpectGap();
        var bytes = subscriber.Video.Bytes;
        Assert.True(room.SecondsUntil(() => !publisher.Sources[0].IsActive, 10) < 10, "a hidden track is still sent");
        room.Run(2);
        Assert.Equal(bytes, subscriber.Video.Bytes);

        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings(), room.Now);
        Assert.True(room.SecondsUntil(() => subscriber.Video.Layer == 2, 5) < 5, "the shown tile does not return to the high layer");
        Assert.Empty(subscriber.Video.Faults);
        Assert.Empty(subscriber.StreamStates);
    }

    [Fact]
    public void Somebody_who_asks_for_key_frames_all_the_time_does_not_set_the_publishers_pace()
    {
        var (room, publisher, subscriber) = Connected(seed: 31);
        Assert.True(room.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        room.Run(10);
        var before = publisher.Sources.Sum(s => s.KeyFrames);

        for (var i = 0; i < 300; i++)
        {
            subscriber.AskForKeyFrame();
            room.Run(0.1);
        }

        // Five at once, then one every other second.
        Assert.InRange(publisher.Sources.Sum(s => s.KeyFrames) - before, 10, 5 + 30 / 2 + 1);
        Assert.Contains(ClientLimit.KeyFrames, subscriber.Limits);
        Assert.Empty(subscriber.Video.Faults);
    }

    [Fact]
    public void A_flood_of_feedback_is_not_read()
    {
        var (room, _, subscriber) = Connected(seed: 32);
        room.Run(3);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        for (var i = 0; i < 100; i++)
        {
            for (var packet = 0; packet < 100; packet++)
            {
                subscriber.AskForKeyFrame();
            }

            room.Run(0.01);
        }

        Assert.InRange(subscriber.Limits.Count(limit => limit == ClientLimit.Feedback), 10_000 - 4000 - 2500, 10_000 - 4000);
        Assert.True(subscriber.Video.LongestGap < TimeSpan.FromMilliseconds(200), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
        Assert.Empty(subscriber.Video.Faults);
    }

    [Fact]
    public void Somebody_who_has_room_for_a_track_receives_one_that_comes_later()
    {
        var room = new VirtualRoom(seed: 61);
        var publisher = room.Join("publisher");
        var subscriber = room.Join("subscriber");
        subscriber.OfferToReceive();
        room.Run(2);
        publisher.Publish();
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        Assert.True(room.SecondsUntil(() => subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 0 && subscriber.Audio.Frames > 0, 5) < 2);
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        Assert.Equal(Run(), Run());

        static (long, long, int) Run()
        {
            var (room, _, subscriber) = Connected(seed: 51);
            subscriber.Down.Settings.Loss = 0.05;
            room.Run(3);
            return (subscriber.Video.Bytes, subscriber.Video.Frames, subscriber.Video.LayerChanges);
        }
    }

    private static (VirtualRoom Room, ModelClient Publisher, ModelClient Subscriber) Connected(int seed)
    {
        var room = new VirtualRoom(seed);
        var publisher = room.Join("publisher");
        publisher.Publish();
        var subscriber = room.Join("subscriber");
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        var started = room.SecondsUntil(() => subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 0 && subscriber.Audio.Frames > 0, 5);
        Assert.True(started < 2, $"media starts after {started} s");
        return (room, publisher, subscriber);
    }
}
