using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.Relay;

/// <summary>Several rooms of one process over a link that has a bound: they keep to it together, and not each by itself.</summary>
public sealed class BoundedLinkTests
{
    private const double Tolerance = 1.05;
    private const double Seconds = 6;

    [Theory]
    [InlineData(1, 2, 2, 0)]
    [InlineData(4, 5, 2, 0.03)]
    [InlineData(5, 3, 0.3, 0)]
    public void Rooms_keep_to_it_together_and_sound_goes_on(int seed, int rooms, double megabits, double loss)
    {
        var bound = new LinkBound { Rate = DataRate.FromMegabits(megabits) };
        var all = Enumerable.Range(0, rooms).Select(i => new BoundedRoom(seed * 100 + i, bound, loss)).ToArray();
        Run(all, 6);
        foreach (var room in all)
        {
            room.Subscriber.Audio.LongestGap = TimeSpan.Zero;
        }

        var (sent, sounds) = (all.Sum(room => room.Sent), all.Select(room => room.Subscriber.Audio.Frames).ToArray());
        Run(all, Seconds);

        var rate = new DataSize(all.Sum(room => room.Sent) - sent).Per(TimeSpan.FromSeconds(Seconds));
        Assert.True(rate <= bound.Rate * Tolerance, $"{rate} of {bound.Rate}");
        Assert.All(all.Zip(sounds), pair => Assert.InRange(pair.First.Subscriber.Audio.Frames - pair.Second, Seconds * 50 * 0.96, Seconds * 50 + 5));
        Assert.All(all, room => Assert.True(room.Subscriber.Audio.LongestGap < TimeSpan.FromMilliseconds(300), $"no sound for {room.Subscriber.Audio.LongestGap.TotalMilliseconds:0} ms"));
    }

    [Fact]
    public void A_room_alone_has_all_of_it_and_gives_it_up_to_others_at_once()
    {
        var bound = new LinkBound { Rate = DataRate.FromKilobits(2100) };
        var first = new BoundedRoom(701, bound, loss: 0);
        Run([first], 10);
        Assert.Equal(2, first.Subscriber.Video.Layer);

        var second = new BoundedRoom(702, bound, loss: 0);
        BoundedRoom[] both = [first, second];
        Run(both, 2);
        var sent = both.Sum(room => room.Sent);
        Run(both, Seconds);
        var rate = new DataSize(both.Sum(room => room.Sent) - sent).Per(TimeSpan.FromSeconds(Seconds));
        Assert.True(rate <= bound.Rate * Tolerance, $"{rate} of {bound.Rate}");
        Assert.Equal((1, 1), (first.Subscriber.Video.Layer, second.Subscriber.Video.Layer));

        second.Link.Parent.Peer.Close(second.Cascade.Now);
        Run([first], 10);
        Assert.Equal(2, first.Subscriber.Video.Layer);
    }

    [Fact]
    public void Data_counts_as_well_and_is_held_to_it_without_media_too()
    {
        var bound = new LinkBound { Rate = DataRate.FromMegabits(1) };
        var room = new BoundedRoom(801, bound, loss: 0, publishes: false);
        Send(4);
        var sent = room.Sent;
        Send(Seconds);

        var rate = new DataSize(room.Sent - sent).Per(TimeSpan.FromSeconds(Seconds));
        Assert.InRange(rate.BitsPerSecond, bound.Rate.BitsPerSecond * 0.5, bound.Rate.BitsPerSecond * Tolerance);

        void Send(double seconds)
        {
            var message = new byte[1000];
            for (var end = room.Cascade.Now + TimeSpan.FromSeconds(seconds); room.Cascade.Now < end; room.Cascade.Run(0.003))
            {
                room.Link.Parent.Peer.Send(DataChannelKind.Lossy, default, message, room.Cascade.Now);
            }
        }
    }

    private static void Run(IReadOnlyList<BoundedRoom> rooms, double seconds)
    {
        for (var end = rooms[0].Cascade.Now + TimeSpan.FromSeconds(seconds); rooms[0].Cascade.Now < end;)
        {
            foreach (var room in rooms)
            {
                room.Cascade.Tick();
            }
        }
    }

    /// <summary>A room at two nodes: somebody at one sends picture and sound, and somebody at the other watches.</summary>
    private sealed class BoundedRoom
    {
        public BoundedRoom(int seed, LinkBound bound, double loss, bool publishes = true)
        {
            Cascade = new VirtualCascade(seed, nodes: 2);
            Link = Cascade.Join(0, 1, bound);
            Link.Down.Settings.Loss = loss;
            var publisher = Cascade.Nodes[0].Join("publisher");
            Subscriber = Cascade.Nodes[1].Join("subscriber");
            if (publishes)
            {
                publisher.Publish();
                Cascade.Subscribe(Cascade.Nodes[1], Subscriber, publisher, new SubscriptionSettings());
            }

            Assert.True(Cascade.SecondsUntil(() => Link.IsUp && (!publishes || Subscriber.Receivers.Count == 2), 5) < 5, "media does not start");
        }

        public VirtualCascade Cascade { get; }

        public ModelLink Link { get; }

        public ModelClient Subscriber { get; }

        /// <summary>Bytes of datagrams.</summary>
        public long Sent => Link.Parent.Peer.Statistics.DatagramBytesSent;
    }
}
