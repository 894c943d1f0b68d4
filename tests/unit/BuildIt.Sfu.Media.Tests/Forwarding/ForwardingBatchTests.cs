using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Tests.Rooms;

namespace BuildIt.Sfu.Media.Tests.Forwarding;

/// <summary>What comes together is forwarded together, to one subscriber after another.</summary>
public sealed class ForwardingBatchTests
{
    private const byte RedBlock = 0x80 | ModelSource.Opus;

    private readonly VirtualRoom _room = new(seed: 61);
    private readonly List<Sent> _sent = [];

    [Fact]
    public void All_packets_of_a_frame_go_to_one_subscriber_before_the_next()
    {
        var publisher = _room.Join("p");
        publisher.Publish();
        ModelClient[] subscribers = [_room.Join("a"), _room.Join("b"), _room.Join("c")];
        foreach (var subscriber in subscribers)
        {
            subscriber.Subscribe(publisher, new SubscriptionSettings());
        }

        _room.Run(3);
        Array.ForEach(subscribers, Record);
        _room.Run(1);

        var bursts = _sent.Where(sent => sent.PayloadType == ModelSource.Vp8).GroupBy(sent => sent.At).Where(burst => burst.Count() > subscribers.Length).ToList();
        Assert.True(bursts.Count >= 20, $"{bursts.Count} frames of several packets");
        foreach (var burst in bursts)
        {
            var turns = burst.Select(sent => sent.To).Aggregate(new List<ModelClient>(), (list, to) => list.Count > 0 && list[^1] == to ? list : [.. list, to]);
            Assert.Equal(subscribers, turns);
            foreach (var one in burst.GroupBy(sent => sent.To))
            {
                var numbers = one.Select(sent => sent.Sequence).ToList();
                Assert.Equal(Enumerable.Range(numbers[0], numbers.Count).Select(number => (ushort)number), numbers);
            }
        }

        Assert.All(subscribers, subscriber => Assert.Empty(subscriber.Video.Faults));
    }

    [Fact]
    public void A_packet_that_came_before_the_codec_changed_keeps_its_own()
    {
        var publisher = _room.Join("p");
        var subscriber = _room.Join("s");
        publisher.Red = subscriber.Red = true;
        publisher.Publish();
        subscriber.Publish();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(2);
        Record(subscriber);

        ArriveAtOnce(publisher, () =>
        {
            for (var i = 0; i < 3; i++)
            {
                publisher.Sources[^1].IsRed = i % 2 == 0;
                _room.Run(0.02);
            }
        });
        _room.Run(0.1);

        var sounds = _sent.Where(sent => sent.PayloadType is ModelSource.Red or ModelSource.Opus).ToList();
        Assert.Contains(sounds, sent => sent.PayloadType == ModelSource.Red);
        Assert.Contains(sounds, sent => sent.PayloadType == ModelSource.Opus);
        Assert.All(sounds, sent => Assert.Equal(sent.PayloadType == ModelSource.Red, sent.Start == RedBlock));
    }

    [Fact]
    public void More_packets_than_a_batch_holds_are_all_forwarded_in_order()
    {
        var publisher = _room.Join("p");
        publisher.Publish();
        var subscriber = _room.Join("s");
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(3);
        var before = subscriber.Video.Packets;
        Record(subscriber);

        ArriveAtOnce(publisher, () => _room.Run(0.4));
        _room.Run(0.05);

        var numbers = _sent.Where(sent => sent.PayloadType == ModelSource.Vp8).Select(sent => sent.Sequence).ToList();
        Assert.True(numbers.Count > 64, $"only {numbers.Count} packets came at once");
        Assert.Equal(Enumerable.Range(numbers[0], numbers.Count).Select(number => (ushort)number), numbers);
        Assert.Equal(numbers.Count, subscriber.Video.Packets - before);
        Assert.Empty(subscriber.Video.Faults);
    }

    /// <summary>Holds up what the first participant sends meanwhile; then the node gets all of it in one go.</summary>
    private void ArriveAtOnce(ModelClient first, Action meanwhile)
    {
        var output = first.Output;
        List<byte[]> late = [];
        first.Output = (bytes, _) => late.Add(bytes.ToArray());
        meanwhile();
        first.Output = output;
        late.ForEach(bytes => first.NodeSide.Handler.HandleDatagram(bytes, VirtualRoom.AddressOf(0), _room.Now));
    }

    /// <summary>Notes what the node sends to a client from now on.</summary>
    private void Record(ModelClient client)
    {
        var output = client.NodeSide.Output;
        client.NodeSide.Output = (bytes, now) =>
        {
            if (!RtpPacketView.LooksLikeRtcp(bytes) && RtpPacketView.TryParse(bytes, out var packet) && packet.PayloadLength > 0)
            {
                _sent.Add(new Sent(now, client, packet.PayloadType, packet.SequenceNumber.Value, packet.Payload[0]));
            }

            output(bytes, now);
        };
    }

    private readonly record struct Sent(Instant At, ModelClient To, byte PayloadType, ushort Sequence, byte Start);
}
