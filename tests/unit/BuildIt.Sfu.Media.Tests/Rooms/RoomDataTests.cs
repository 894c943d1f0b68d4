using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.DataChannels;
using BuildIt.Sfu.Media.Rooms;
using Xunit.Abstractions;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>Data messages and media on the same links, in virtual time.</summary>
public sealed class RoomDataTests(ITestOutputHelper output)
{
    private const int MessageSize = 50_000;

    [Theory]
    [InlineData(61, 1)]
    [InlineData(62, 3)]
    [InlineData(63, 10)]
    public void A_flood_of_data_leaves_the_picture_and_the_sound_alone(int seed, double megabits)
    {
        var (room, publisher, subscriber, flooder) = Meeting(seed);
        subscriber.Down.Settings.Rate = DataRate.FromMegabits(megabits);
        room.Run(8);
        var (video, audio) = (subscriber.Video, subscriber.Audio);
        video.LongestGap = audio.LongestGap = TimeSpan.Zero;
        var (frames, sounds) = (video.Frames, audio.Packets);
        long received = 0;
        subscriber.Data.Received = (_, message) => received += message.Length;

        var message = new byte[1000];
        for (var i = 0; i < 2000; i++)
        {
            for (var n = 0; n < 25; n++)
            {
                subscriber.Peer.SendData(DataChannelKind.Lossy, new ParticipantSid("PA_flooder"), message, room.Now);
                subscriber.Peer.SendData(DataChannelKind.Reliable, new ParticipantSid("PA_flooder"), message, room.Now);
            }

            room.Run(0.01);
        }

        output.WriteLine($"{megabits} Mbit/s: {video.Frames - frames} frames, longest gap {video.LongestGap.TotalMilliseconds:0} ms, layer {video.Layer}, {received * 8 / 20e6:0.00} Mbit/s of data");
        Assert.True(video.LongestGap <= TimeSpan.FromMilliseconds(500), $"no picture for {video.LongestGap.TotalMilliseconds:0} ms");
        Assert.True(audio.LongestGap <= TimeSpan.FromMilliseconds(500), $"no sound for {audio.LongestGap.TotalMilliseconds:0} ms");
        Assert.True(video.Frames - frames > 20 * 25 * 0.9, $"{video.Frames - frames} frames in 20 s");
        Assert.True(audio.Packets - sounds > 20 * 50 * 0.95, $"{audio.Packets - sounds} sounds in 20 s");
        Assert.Empty(subscriber.StreamStates);

        // Data has its part all the same, and the flooder is the one that is said to go too far.
        Assert.True(received * 8 > 20 * megabits * 1e6 * 0.1, $"{received * 8 / 20e6:0.00} Mbit/s of data");
        Assert.Contains(ClientLimit.Data, flooder.Limits);
        Assert.Empty(publisher.Limits);
    }

    [Fact]
    public void On_a_fast_link_data_soon_gets_what_media_leaves()
    {
        var (room, _, subscriber, _) = Meeting(seed: 71);
        room.Run(5);
        long received = 0;
        subscriber.Data.Received = (_, message) => received += message.Length;
        var message = new byte[20_000];
        var rates = new List<double>();
        for (var second = 0; second < 12; second++)
        {
            received = 0;
            for (var i = 0; i < 100; i++)
            {
                for (var n = 0; n < 5; n++)
                {
                    subscriber.Peer.SendData(DataChannelKind.Reliable, new ParticipantSid("PA_flooder"), message, room.Now);
                }

                room.Run(0.01);
            }

            rates.Add(received * 8 / 1e6);
        }

        output.WriteLine(string.Join(", ", rates.Select(rate => $"{rate:0.0}")) + " Mbit/s");
        Assert.True(rates.Max() > 15, $"{rates.Max():0.0} Mbit/s at best on a link of 50");
        Assert.Equal(2, subscriber.Video.Layer);
        Assert.True(subscriber.Video.LongestGap <= TimeSpan.FromMilliseconds(500), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void Who_floods_is_late_with_its_own_messages_only()
    {
        var (room, _, subscriber, _) = Meeting(seed: 81);
        subscriber.Down.Settings.Rate = DataRate.FromMegabits(2);
        room.Run(5);
        var arrived = new List<TimeSpan>();
        subscriber.Data.Received = (_, message) =>
        {
            if (message.Length == 12)
            {
                arrived.Add(room.Now - new Instant(BinaryPrimitives.ReadInt64LittleEndian(message)));
            }
        };
        for (var i = 0; i < 1000; i++)
        {
            for (var n = 0; n < 20; n++)
            {
                subscriber.Peer.SendData(DataChannelKind.Lossy, new ParticipantSid("PA_flooder"), new byte[1000], room.Now);
                subscriber.Peer.SendData(DataChannelKind.Reliable, new ParticipantSid("PA_flooder"), new byte[1000], room.Now);
            }

            if (i % 10 == 0)
            {
                var quiet = new byte[12];
                BinaryPrimitives.WriteInt64LittleEndian(quiet, room.Now.Microseconds);
                subscriber.Peer.SendData(i % 20 == 0 ? DataChannelKind.Lossy : DataChannelKind.Reliable, new ParticipantSid("PA_publisher"), quiet, room.Now);
            }

            room.Run(0.01);
        }

        room.Run(1);
        output.WriteLine($"{arrived.Count} of 100 arrived, the last after {arrived.Max().TotalMilliseconds:0} ms");
        Assert.Equal(100, arrived.Count);
        Assert.True(arrived.Max() < TimeSpan.FromSeconds(1), $"one took {arrived.Max().TotalMilliseconds:0} ms");
    }

    [Fact]
    public void Fifty_megabytes_go_as_fast_as_the_slower_of_two_takes_them_and_nothing_is_lost()
    {
        var (room, sender, fast, slow) = Transfer(DataRate.FromMegabits(30));
        var (order, late) = Record(fast, slow);
        var most = Send(room, sender, 50_000_000, () => order.Count);

        Assert.Equal(Enumerable.Range(0, 50_000_000 / MessageSize), order);
        Assert.True(room.SecondsUntil(() => late.Count == order.Count, 5) < 5, $"{late.Count} messages reached the slower one");
        Assert.Equal(order, late);
        output.WriteLine($"most that waited in the node: {most / 1024} KiB");
        Assert.True(most < 2 * (DataOutbox<ParticipantSid>.HoldAbove + (2 << 20)), $"{most} bytes waited");
        Assert.Equal([ClientLimit.DataHeld], sender.Limits.Distinct());
        Assert.Empty(slow.Limits);
    }

    [Fact]
    public void Somebody_who_takes_nothing_keeps_a_transfer_from_nobody_for_long()
    {
        var (room, sender, fast, slow) = Transfer(DataRate.FromMegabits(30));
        var (order, _) = Record(fast, slow);
        slow.Data.IsDeaf = true;
        var start = room.Now;
        Send(room, sender, 50_000_000, () => order.Count);

        Assert.Equal(Enumerable.Range(0, 50_000_000 / MessageSize), order);
        Assert.Contains(ClientLimit.SlowReader, slow.Limits);
        Assert.DoesNotContain(ClientLimit.Data, sender.Limits);

        // 50 Mbit/s carry it in 8 s; the rest is the one time of waiting.
        output.WriteLine($"it took {(room.Now - start).TotalSeconds:0.0} s");
        Assert.True(room.Now - start < TimeSpan.FromSeconds(15) + DataOutbox<ParticipantSid>.Patience, $"it took {(room.Now - start).TotalSeconds:0.0} s");
    }

    [Fact]
    public void A_sender_goes_on_when_the_one_it_waits_for_leaves()
    {
        var (room, sender, fast, slow) = Transfer(DataRate.FromMegabits(30));
        var (order, _) = Record(fast, slow);
        slow.Data.IsDeaf = true;
        Send(room, sender, 50_000_000, () => order.Count, seconds: 1);
        var waited = order.Count;
        Assert.InRange(waited, 1, 100);
        sender.Relay = (kind, message, now) => fast.Peer.SendData(kind, new ParticipantSid("PA_sender"), message, now);
        slow.Peer.Close(room.Now);
        room.Run(1);
        Assert.True(order.Count > waited, "nothing came after the slow one had left");
    }

    [Fact]
    public void Lossy_messages_of_a_sender_whose_reliable_ones_wait_still_come()
    {
        var (room, sender, fast, slow) = Transfer(DataRate.FromMegabits(1));
        var quick = 0;
        fast.Data.Received = (kind, _) => quick += kind == DataChannelKind.Lossy ? 1 : 0;
        var sent = 0;
        for (var i = 0; i < 1000; i++)
        {
            while (sender.Data.Send(DataChannelKind.Reliable, new byte[15_000], room.Now))
            {
            }

            sent += i % 10 == 0 && sender.Data.Send(DataChannelKind.Lossy, new byte[100], room.Now) ? 1 : 0;
            room.Run(0.01);
        }

        output.WriteLine($"{quick} of {sent} lossy messages came");
        Assert.True(quick > sent / 2, $"{quick} of {sent} lossy messages came");
    }

    /// <summary>A publisher whom somebody watches, and somebody else with something to send.</summary>
    private static (VirtualRoom Room, ModelClient Publisher, ModelClient Subscriber, ModelClient Flooder) Meeting(int seed)
    {
        var room = new VirtualRoom(seed);
        var publisher = room.Join("publisher");
        publisher.Publish();
        var subscriber = room.Join("subscriber");
        subscriber.OpenData();
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        var flooder = room.Join("flooder");
        Assert.True(room.SecondsUntil(() => subscriber.Data.IsOpen && subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 0, 5) < 5);
        return (room, publisher, subscriber, flooder);
    }

    /// <summary>A sender and two receivers of its data, one on a slower link; nobody has media.</summary>
    private static (VirtualRoom Room, ModelClient Sender, ModelClient Fast, ModelClient Slow) Transfer(DataRate slowest)
    {
        var room = new VirtualRoom(seed: 91);
        var sender = room.Join("sender");
        var fast = room.Join("fast");
        var slow = room.Join("slow");
        slow.Down.Settings.Rate = slowest;
        foreach (var client in new[] { sender, fast, slow })
        {
            client.OpenData();
        }

        Assert.True(room.SecondsUntil(() => sender.Data.IsOpen && fast.Data.IsOpen && slow.Data.IsOpen, 5) < 5);
        sender.Relay = (kind, message, now) =>
        {
            fast.Peer.SendData(kind, new ParticipantSid("PA_sender"), message, now);
            slow.Peer.SendData(kind, new ParticipantSid("PA_sender"), message, now);
        };
        return (room, sender, fast, slow);
    }

    /// <summary>The numbers of the messages that reach each of two.</summary>
    private static (List<int> First, List<int> Second) Record(ModelClient one, ModelClient other)
    {
        var numbers = (First: new List<int>(), Second: new List<int>());
        one.Data.Received = (_, message) => numbers.First.Add(BinaryPrimitives.ReadInt32LittleEndian(message));
        other.Data.Received = (_, message) => numbers.Second.Add(BinaryPrimitives.ReadInt32LittleEndian(message));
        return numbers;
    }

    /// <summary>Sends numbered reliable messages as fast as the sender's own buffer takes them; returns the most bytes that waited in the node.</summary>
    private static long Send(VirtualRoom room, ModelClient sender, int bytes, Func<int> arrived, double seconds = 120)
    {
        var count = bytes / MessageSize;
        var message = new byte[MessageSize];
        var sent = 0;
        long most = 0;
        var end = room.Now + TimeSpan.FromSeconds(seconds);
        while (arrived() < count && room.Now < end)
        {
            for (; sent < count; sent++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(message, sent);
                if (!sender.Data.Send(DataChannelKind.Reliable, message, room.Now))
                {
                    break;
                }
            }

            room.Run(0.002);
            most = Math.Max(most, room.Media.DataWaiting);
        }

        return most;
    }
}
