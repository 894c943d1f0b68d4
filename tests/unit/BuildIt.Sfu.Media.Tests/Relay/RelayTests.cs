using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Relay;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.Relay;

/// <summary>A room over several nodes: who is at one sees and hears who is at another, and only what is watched crosses.</summary>
public sealed class RelayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_picture_and_a_sound_reach_a_subscriber_some_nodes_away(int hops)
    {
        var (cascade, _, _, subscriber) = Connected(seed: hops, hops);

        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        cascade.Run(1);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        var before = (subscriber.Video.Frames, subscriber.Audio.Frames);
        cascade.Run(10);

        Assert.InRange(subscriber.Video.Frames - before.Item1, 10 * 25 - 5, 10 * 25 + 5);
        Assert.InRange(subscriber.Audio.Frames - before.Item2, 10 * 50 - 5, 10 * 50 + 5);
        Assert.True(subscriber.Video.LongestGap < TimeSpan.FromMilliseconds(200), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void What_nobody_behind_a_link_watches_does_not_cross_it()
    {
        var cascade = new VirtualCascade(seed: 11, nodes: 2);
        var link = cascade.Join(0, 1);
        var publisher = cascade.Nodes[0].Join("publisher");
        publisher.Publish();
        cascade.Run(3);
        Assert.Equal(0, link.Parent.Peer.Statistics.PacketsSent);

        var subscriber = cascade.Nodes[1].Join("subscriber");
        cascade.Subscribe(cascade.Nodes[1], subscriber, publisher, new SubscriptionSettings { Width = 160, Height = 90 });
        Assert.True(cascade.SecondsUntil(() => subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 25, 5) < 5);
        cascade.Run(5);
        Assert.Equal(0, subscriber.Video.Layer);
        var (bytes, from) = (link.Parent.Peer.Statistics.BytesSent, cascade.Now);
        cascade.Run(10);

        // Sound and the lowest layer, with what headers and tags add.
        var rate = (link.Parent.Peer.Statistics.BytesSent - bytes) * 8 / (cascade.Now - from).TotalSeconds;
        var media = ModelClient.LayerRates[0].BitsPerSecond + ModelClient.AudioRate.BitsPerSecond;
        Assert.InRange(rate, media * 0.8, media * 1.5);

        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings { Disabled = true }, cascade.Now);
        subscriber.Peer.Unsubscribe(publisher.AudioSid, cascade.Now);
        cascade.Run(5);
        var packets = link.Parent.Peer.Statistics.PacketsSent;
        cascade.Run(3);
        Assert.Equal(packets, link.Parent.Peer.Statistics.PacketsSent);
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void One_copy_of_each_layer_crosses_however_many_watch_it()
    {
        var cascade = new VirtualCascade(seed: 12, nodes: 2);
        var link = cascade.Join(0, 1);
        var publisher = cascade.Nodes[0].Join("publisher");
        publisher.Publish();
        var small = cascade.Nodes[1].Join("small");
        var large = cascade.Nodes[1].Join("large");
        var also = cascade.Nodes[1].Join("also");
        cascade.Subscribe(cascade.Nodes[1], small, publisher, new SubscriptionSettings { Width = 160, Height = 90 });
        cascade.Subscribe(cascade.Nodes[1], large, publisher, new SubscriptionSettings());
        cascade.Subscribe(cascade.Nodes[1], also, publisher, new SubscriptionSettings());
        Assert.True(cascade.SecondsUntil(() => large.Receivers.Count == 2 && also.Receivers.Count == 2 && large.Video.Layer == 2 && also.Video.Layer == 2, 15) < 15, "the high layer is not reached");
        cascade.Run(8);
        Assert.Equal(0, small.Video.Layer);
        var (sent, video, sound, from) = (link.Parent.Peer.Statistics.BytesSent, small.Video.Bytes + large.Video.Bytes, large.Audio.Bytes, cascade.Now);
        cascade.Run(10);

        // The lowest and the highest layer and the sound, each once; the middle one, which nobody watches, not at all.
        var crossed = link.Parent.Peer.Statistics.BytesSent - sent;
        var watched = small.Video.Bytes + large.Video.Bytes - video + large.Audio.Bytes - sound;
        Assert.InRange(crossed, watched * 0.95, watched * 1.1);
        Nothing_is_wrong(cascade, small, large, also);
    }

    [Fact]
    public void What_comes_at_once_crosses_in_the_order_in_which_it_came()
    {
        var cascade = new VirtualCascade(seed: 13, nodes: 2);
        var link = cascade.Join(0, 1);
        var publisher = cascade.Nodes[0].Join("publisher");
        publisher.Publish();
        var (small, large) = (cascade.Nodes[1].Join("small"), cascade.Nodes[1].Join("large"));
        cascade.Subscribe(cascade.Nodes[1], small, publisher, new SubscriptionSettings { Width = 160, Height = 90 });
        cascade.Subscribe(cascade.Nodes[1], large, publisher, new SubscriptionSettings());
        Assert.True(cascade.SecondsUntil(() => large.Receivers.Count == 2 && large.Video.Layer == 2, 15) < 15, "the high layer is not reached");
        cascade.Run(8);

        var largestFirst = Crossing(isLargestFirst: true);
        var smallestFirst = Crossing(isLargestFirst: false);

        Assert.Equal(3, largestFirst.Count);
        Assert.Equal(largestFirst.Reverse(), smallestFirst);
        Nothing_is_wrong(cascade, small, large);

        // The streams of the link, in the order of their packets, when the packets of a picture's layers and of sound come one layer after another.
        IReadOnlyList<uint> Crossing(bool isLargestFirst)
        {
            var output = publisher.Output;
            List<byte[]> late = [];
            publisher.Output = (bytes, _) => late.Add(bytes.ToArray());
            cascade.Run(0.04);
            publisher.Output = output;
            var streams = late.Where(bytes => StreamOf(bytes) is not null).GroupBy(StreamOf).OrderBy(stream => stream.Sum(bytes => bytes.Length) * (isLargestFirst ? -1 : 1));
            List<uint> seen = [];
            link.AtChild = bytes => seen.AddRange(StreamOf(bytes) is { } stream ? [stream] : []);
            foreach (var bytes in streams.SelectMany(stream => stream))
            {
                publisher.NodeSide.Handler.HandleDatagram(bytes, VirtualRoom.AddressOf(0), cascade.Now);
            }

            cascade.Run(0.012);
            link.AtChild = null;
            return [.. seen.Aggregate(new List<uint>(), (runs, stream) => runs.Count > 0 && runs[^1] == stream ? runs : [.. runs, stream])];
        }

        static uint? StreamOf(byte[] bytes) => !RtpPacketView.LooksLikeRtcp(bytes) && RtpPacketView.TryParse(bytes, out var packet) ? packet.Ssrc.Value : null;
    }

    [Theory]
    [InlineData(21, 0.05)]
    [InlineData(22, 0.1)]
    public void What_a_link_loses_is_repaired_on_that_link(int seed, double loss)
    {
        var (cascade, link, publisher, subscriber) = Connected(seed, hops: 1);
        foreach (var path in new[] { link.Down, link.Up })
        {
            path.Settings.Loss = loss;
            path.Settings.Delay = TimeSpan.FromMilliseconds(20);
        }

        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 15) < 15, "the high layer is not reached");
        cascade.Run(2);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        cascade.Run(15);

        Assert.True(subscriber.Video.LongestGap <= TimeSpan.FromSeconds(1), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
        Assert.Equal(0, subscriber.Audio.Packets == 0 ? 1 : 0);
        Assert.Equal(0, publisher.Sources.Sum(source => source.Repaired));
        Nothing_is_wrong(cascade, subscriber);
    }

    [Theory]
    [InlineData(31, 10, 0, 100)]
    [InlineData(32, 80, 0.01, 10)]
    [InlineData(33, 80, 0.01, 10)]
    [InlineData(34, 80, 0.01, 10)]
    public void On_a_thin_link_sound_goes_on_pictures_fall_and_return(int seed, int delay, double loss, int megabits)
    {
        var (cascade, link, _, subscriber) = Connected(seed, hops: 1);
        foreach (var path in new[] { link.Down, link.Up })
        {
            path.Settings.Delay = TimeSpan.FromMilliseconds(delay);
            path.Settings.Loss = loss;
            path.Settings.Rate = DataRate.FromMegabits(megabits);
        }

        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        cascade.Run(3);

        link.Down.Settings.Rate = DataRate.FromKilobits(500);
        var fell = cascade.SecondsUntil(() => subscriber.Video.Layer == 0, 10);
        cascade.Run(5);
        var before = subscriber.Audio.Frames;
        subscriber.Audio.LongestGap = TimeSpan.Zero;
        cascade.Run(10);
        Assert.True(fell <= 4, $"fell after {fell:0.0} s");
        Assert.InRange(subscriber.Audio.Frames - before, 10 * 50 * 0.97, 10 * 50 + 5);
        Assert.True(subscriber.Audio.LongestGap < TimeSpan.FromMilliseconds(300), $"no sound for {subscriber.Audio.LongestGap.TotalMilliseconds:0} ms");

        link.Down.Settings.Rate = DataRate.FromMegabits(megabits);
        var rose = cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 20);
        Assert.True(rose <= 15, $"returned after {rose:0.0} s");
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void On_a_link_too_thin_for_any_picture_sound_goes_on()
    {
        var (cascade, link, _, subscriber) = Connected(seed: 35, hops: 1);
        link.Down.Settings.Rate = DataRate.FromKilobits(150);
        cascade.Run(8);
        var (sounds, pictures) = (subscriber.Audio.Frames, subscriber.Video.Frames);
        cascade.Run(5);

        Assert.InRange(subscriber.Audio.Frames - sounds, 5 * 50 * 0.95, 5 * 50 + 5);
        Assert.True(subscriber.Video.Frames - pictures < 25, $"{subscriber.Video.Frames - pictures} pictures");
    }

    [Fact]
    public void A_track_that_comes_another_way_goes_on_in_the_same_stream()
    {
        // 0 publishes; 2 watches, at first by way of 1, then from 0 itself.
        var (cascade, last, publisher, subscriber) = Connected(seed: 41, hops: 2);
        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        cascade.Run(3);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        var direct = cascade.Join(0, 2);
        Assert.True(cascade.SecondsUntil(() => direct.Child.Peer.Feeds(publisher.VideoSid), 5) < 5, "the direct link brings nothing");
        cascade.Run(2);
        last.Child.Peer.Close(cascade.Now);
        var frames = subscriber.Video.Frames;
        cascade.Run(5);

        Assert.InRange(subscriber.Video.Frames - frames, 5 * 25 - 10, 5 * 25 + 5);
        Assert.True(subscriber.Video.LongestGap < TimeSpan.FromSeconds(1), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void A_track_that_is_offered_again_by_other_streams_comes_by_those()
    {
        var (cascade, link, publisher, subscriber) = Connected(seed: 51, hops: 1);
        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 15) < 15, "the high layer is not reached");

        // As when the parent was fed by the child for a moment, which nobody told the child.
        var parent = (RelayPeer)link.Parent.Peer;
        var publication = cascade.Nodes[0].Media.Tracks.Find(publisher.VideoSid)!;
        parent.OnTrackGone(publication);
        parent.OnTrackChanged(publication, cascade.Now);
        cascade.Run(3);
        subscriber.Video.LongestGap = TimeSpan.Zero;
        var before = subscriber.Video.Frames;
        cascade.Run(5);

        Assert.True(subscriber.Video.Frames > before + 50, $"{subscriber.Video.Frames - before} pictures in 5 s");
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void A_silent_path_is_noticed_and_what_came_over_it_can_be_ended()
    {
        var (cascade, link, publisher, subscriber) = Connected(seed: 51, hops: 1);
        cascade.Run(2);
        link.Cut();
        var noticed = cascade.SecondsUntil(() => !link.Parent.IsUp && !link.Child.IsUp, 10);
        Assert.True(noticed <= 3, $"noticed after {noticed:0.0} s");

        Assert.True(subscriber.Peer.IsSubscribed(publisher.VideoSid));
        cascade.Nodes[1].Media.EndRelayed(publisher.VideoSid, cascade.Now);
        Assert.False(subscriber.Peer.IsSubscribed(publisher.VideoSid));
        cascade.Run(1);
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void A_path_is_in_doubt_after_a_second_of_silence_until_something_is_heard()
    {
        var (cascade, link, _, subscriber) = Connected(seed: 52, hops: 1);
        cascade.Run(2);
        link.Cut();
        var cut = cascade.Now;
        cascade.Run(1.5);
        link.Mend();
        var mended = cascade.Now;
        cascade.Run(3);

        foreach (var end in new[] { link.Parent, link.Child })
        {
            Assert.Equal([true, false], end.Silences.Select(silence => silence.IsSilent));
            Assert.InRange((end.Silences[0].At - cut).TotalSeconds, 0.9, 1.05);
            Assert.InRange((end.Silences[1].At - mended).TotalSeconds, 0, 0.3);
            Assert.True(end.IsUp, "the link has ended");
        }

        Nothing_is_wrong(cascade, subscriber);
    }

    [Theory]
    [InlineData(53, true)]
    [InlineData(54, false)]
    public void What_a_bad_path_loses_and_delays_casts_no_doubt_on_it(int seed, bool isWatched)
    {
        var (cascade, link, publisher, subscriber) = Connected(seed, hops: 1);
        if (!isWatched)
        {
            subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings { Disabled = true }, cascade.Now);
            subscriber.Peer.Unsubscribe(publisher.AudioSid, cascade.Now);
        }

        foreach (var path in new[] { link.Down, link.Up })
        {
            path.Settings.Loss = 0.05;
            path.Settings.Delay = TimeSpan.FromMilliseconds(80);
            path.Settings.Jitter = TimeSpan.FromMilliseconds(40);
        }

        cascade.Run(120);

        Assert.Empty(link.Parent.Silences);
        Assert.Empty(link.Child.Silences);
        Nothing_is_wrong(cascade, subscriber);
    }

    [Fact]
    public void A_publisher_is_asked_for_what_is_watched_elsewhere_and_for_nothing_else()
    {
        var (cascade, _, publisher, subscriber) = Connected(seed: 61, hops: 2);
        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 10) < 10, "the high layer is not reached");
        cascade.Run(11);
        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings { Width = 160, Height = 90 }, cascade.Now);
        Assert.True(cascade.SecondsUntil(() => !publisher.Sources[1].IsActive && !publisher.Sources[2].IsActive, 25) < 25, "unwatched layers are still sent");
        Assert.True(publisher.Sources[0].IsActive);
        subscriber.Peer.UpdateSubscription(publisher.VideoSid, new SubscriptionSettings(), cascade.Now);
        Assert.True(cascade.SecondsUntil(() => subscriber.Video.Layer == 2, 6) < 6, "the shown tile does not return to the high layer");
        Nothing_is_wrong(cascade, subscriber);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_codec_in_which_nothing_crosses_holds_nothing_else_up(bool fromTheStart)
    {
        var (cascade, link, publisher, subscriber) = Connected(seed: 71, hops: 1, client => client.Telephone = true, soundIsTelephone: fromTheStart);
        publisher.Sources[^1].IsTelephone = true;
        cascade.Run(1);
        var (pictures, sounds) = (subscriber.Video.Frames, Sounds());
        cascade.Run(3);
        Assert.InRange(subscriber.Video.Frames - pictures, 3 * 25 - 5, 3 * 25 + 5);
        Assert.Equal(sounds, Sounds());
        Assert.True(link.IsUp);

        publisher.Sources[^1].IsTelephone = false;
        Assert.True(cascade.SecondsUntil(() => Sounds() > sounds + 25, 3) < 2, "the sound does not come back");
        Nothing_is_wrong(cascade, subscriber);

        long Sounds() => subscriber.Receivers.Count < 2 ? 0 : subscriber.Audio.Frames;
    }

    private static (VirtualCascade Cascade, ModelLink Last, ModelClient Publisher, ModelClient Subscriber) Connected(
        int seed, int hops, Action<ModelClient>? prepare = null, bool soundIsTelephone = false)
    {
        ModelLink last = null!;
        var cascade = new VirtualCascade(seed, hops + 1);
        for (var hop = 0; hop < hops; hop++)
        {
            last = cascade.Join(hop, hop + 1);
        }

        var publisher = cascade.Nodes[0].Join("publisher");
        prepare?.Invoke(publisher);
        publisher.Publish();
        publisher.Sources[^1].IsTelephone = soundIsTelephone;
        var subscriber = cascade.Nodes[hops].Join("subscriber");
        cascade.Subscribe(cascade.Nodes[hops], subscriber, publisher, new SubscriptionSettings());
        var started = cascade.SecondsUntil(() => subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 0 && (soundIsTelephone || subscriber.Audio.Frames > 0), 5);
        Assert.True(started < 3, $"media starts after {started} s");
        return (cascade, last, publisher, subscriber);
    }

    private static void Nothing_is_wrong(VirtualCascade cascade, params ModelClient[] subscribers)
    {
        Assert.All(subscribers, subscriber => Assert.Empty(subscriber.Video.Faults));
        Assert.All(cascade.Nodes, node => Assert.Empty(node.Encryption.Refused));
    }
}
