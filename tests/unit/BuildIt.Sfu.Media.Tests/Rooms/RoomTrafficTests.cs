using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>What is counted is what went over the emulated wire.</summary>
public sealed class RoomTrafficTests
{
    [Fact]
    public void A_room_counts_what_its_clients_send_and_receive_and_keeps_what_those_carried_who_have_left()
    {
        var (room, publisher, subscriber) = Connected(seed: 71);
        room.Run(10);
        var traffic = room.Media.Traffic;

        // A few packets are under way.
        Assert.InRange(traffic.BytesSent, publisher.BytesReceived + subscriber.BytesReceived, (publisher.BytesReceived + subscriber.BytesReceived) * 1.01);
        Assert.InRange(traffic.BytesReceived, (publisher.BytesSent + subscriber.BytesSent) * 0.99, publisher.BytesSent + subscriber.BytesSent);
        Assert.True(traffic.BytesSent > 100_000);

        subscriber.Peer.Close(room.Now);
        Assert.True(room.Media.Traffic.BytesSent >= traffic.BytesSent, "somebody who leaves takes what they used along");
        publisher.Peer.Close(room.Now);
        Assert.True(room.Media.Traffic.BytesReceived >= traffic.BytesReceived);
    }

    [Fact]
    public void Repair_is_counted_and_the_way_to_those_who_receive_is_measured()
    {
        var (room, publisher, subscriber) = Connected(seed: 72);
        Assert.Equal((2, 0), (room.Counters.Connected, room.Counters.Relayed));
        subscriber.Down.Settings.Loss = 0.05;
        subscriber.Down.Settings.Delay = TimeSpan.FromMilliseconds(40);
        publisher.Up.Settings.Loss = 0.05;
        room.Run(10);

        var counters = room.Counters;
        Assert.True(counters.NacksReceived > 0 && counters.NacksSent > 0, $"{counters.NacksReceived} in, {counters.NacksSent} out");
        Assert.InRange(counters.Retransmitted, subscriber.Video.RepairedPackets, long.MaxValue);
        Assert.True(counters.PictureLossSent > 0);
        Assert.All(Enum.GetValues<TransportFailure>(), cause => Assert.Equal(0, counters.Failures(cause)));
        Assert.True(room.Media.Traffic.RoundTrip >= TimeSpan.FromMilliseconds(40), $"{room.Media.Traffic.RoundTrip}");
        Assert.InRange(room.Media.Traffic.Loss ?? 0, 0.001, 0.2);
    }

    [Fact]
    public void A_stream_that_does_not_fit_is_counted_as_a_freeze()
    {
        var (room, _, subscriber) = Connected(seed: 73);
        subscriber.Peer.LimitBandwidth(Base.DataRate.FromKilobits(20), room.Now);
        room.Run(5);

        Assert.True(room.Counters.Pauses > 0);
        Assert.Equal(subscriber.StreamStates.Count(each => each.State is TrackStreamState.Paused), room.Counters.Pauses);
    }

    private static (VirtualRoom Room, ModelClient Publisher, ModelClient Subscriber) Connected(int seed)
    {
        var room = new VirtualRoom(seed);
        var publisher = room.Join("publisher");
        publisher.Publish();
        var subscriber = room.Join("subscriber");
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        Assert.True(room.SecondsUntil(() => subscriber.Receivers.Count == 2 && subscriber.Video.Frames > 0 && subscriber.Audio.Frames > 0, 5) < 2);
        return (room, publisher, subscriber);
    }
}
