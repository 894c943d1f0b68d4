using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>
/// Whatever publishers and subscribers do, nothing is encrypted twice under one index, and a receiver sees streams whose numbers and
/// time go on (RFC 3711 section 9.1, RFC 7714 section 8.3). In virtual time, with seeds.
/// </summary>
public sealed class KeystreamTests
{
    private readonly Dictionary<(ModelClient Client, Ssrc Ssrc), Stream> _streams = [];
    private readonly List<string> _faults = [];

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 0.05)]
    [InlineData(7, 0.05)]
    [InlineData(8, 0.1)]
    public void No_index_is_used_twice_and_no_number_jumps(int seed, double loss)
    {
        var random = new Random(seed);
        var room = new VirtualRoom(seed);
        var publisher = Join(room, "p", loss);
        publisher.TwoCodecs = publisher.Red = true;
        publisher.Publish();
        List<ModelClient> subscribers = [Join(room, "s0", loss), Join(room, "s1", loss)];
        subscribers.ForEach(subscriber => Begin(subscriber, publisher));
        room.Run(1);
        var joined = subscribers.Count;
        var changes = new int[2];
        for (var step = 0; step < 40; step++)
        {
            if (step == 20)
            {
                publisher.PublishSecondEncoding();
            }

            var subscriber = subscribers[random.Next(subscribers.Count)];
            switch (random.Next(6))
            {
                // As often as a publisher may: what it sends beyond that is dropped, which is a gap.
                case 0 when changes[0]++ < 5:
                    publisher.ChangeCodec(audio: true);
                    break;
                case 1 when changes[1]++ < 5:
                    publisher.ChangeCodec(audio: false);
                    break;
                case 2:
                    subscriber.Peer.Unsubscribe(publisher.VideoSid, room.Now);
                    subscriber.Peer.Unsubscribe(publisher.AudioSid, room.Now);
                    room.Run(0.1 + random.NextDouble() / 10);
                    subscriber.Subscribe(publisher, new SubscriptionSettings());
                    break;
                case 3 when random.Next(3) == 0:
                    subscriber.Peer.Close(room.Now);
                    subscribers.Remove(subscriber);
                    subscribers.Add(Join(room, $"s{joined++}", loss));
                    Begin(subscribers[^1], publisher);
                    break;
                case 4:
                    subscriber.Peer.UpdateSubscription(
                        publisher.VideoSid, new SubscriptionSettings { Quality = (VideoQualityLevel)random.Next(3), Disabled = random.Next(4) == 0 }, room.Now);
                    break;
            }

            room.Run(0.1 + random.NextDouble() / 2);
        }

        Assert.True(_faults.Count == 0, $"{string.Join("; ", _faults.Distinct().Take(5))}, seed {seed}");
        Assert.Empty(room.Encryption.Refused);
        Assert.True(_streams.Values.Sum(stream => stream.Packets) > 1000, $"{_streams.Values.Sum(stream => stream.Packets)} packets, seed {seed}");
        if (loss == 0)
        {
            Assert.All(subscribers.SelectMany(subscriber => subscriber.Receivers), receiver => Assert.Empty(receiver.Faults));
        }
    }

    [Fact]
    public void A_second_encoding_leaves_the_stream_alone()
    {
        var room = new VirtualRoom(seed: 31);
        var publisher = Join(room, "p", 0);
        publisher.Publish();
        var subscriber = Join(room, "s", 0);
        Begin(subscriber, publisher);
        room.Run(2);
        publisher.PublishSecondEncoding();
        subscriber.Video.LongestGap = TimeSpan.Zero;
        room.Run(2);

        Assert.Empty(_faults);
        Assert.True(subscriber.Video.LongestGap < TimeSpan.FromMilliseconds(100), $"no picture for {subscriber.Video.LongestGap.TotalMilliseconds} ms");
    }

    [Fact]
    public void A_subscription_that_comes_again_has_other_sources_every_time()
    {
        var room = new VirtualRoom(seed: 32);
        var publisher = Join(room, "p", 0);
        publisher.Publish();
        var subscriber = Join(room, "s", 0);
        Begin(subscriber, publisher);
        for (var i = 0; i < 10; i++)
        {
            room.Run(0.5);
            subscriber.Peer.Unsubscribe(publisher.AudioSid, room.Now);
            room.Run(0.2);
            subscriber.Peer.Subscribe(publisher.AudioSid, new SubscriptionSettings(), room.Now);
        }

        room.Run(0.5);
        Assert.Empty(_faults);
        Assert.True(subscriber.Receivers.Count(receiver => receiver.IsAudio && receiver.Packets > 0) >= 10, $"{subscriber.Receivers.Count} receivers");
    }

    private static void Begin(ModelClient subscriber, ModelClient publisher)
    {
        subscriber.Red = true;
        subscriber.OfferToReceive();
        subscriber.Subscribe(publisher, new SubscriptionSettings());
    }

    private ModelClient Join(VirtualRoom room, string name, double loss)
    {
        var client = room.Join(name);
        client.Up.Settings.Loss = client.Down.Settings.Loss = loss;
        var output = client.NodeSide.Output;
        client.NodeSide.Output = (bytes, now) =>
        {
            if (!RtpPacketView.LooksLikeRtcp(bytes) && RtpPacketView.TryParse(bytes, out var packet))
            {
                Check(client, bytes, packet, loss, now);
            }

            output(bytes, now);
        };
        return client;
    }

    /// <summary>As a receiver of SRTP sees a packet: its index is the one nearest to the highest (RFC 3711 section 3.3.1).</summary>
    private void Check(ModelClient client, ReadOnlySpan<byte> bytes, in RtpPacketView packet, double loss, Instant now)
    {
        if (!_streams.TryGetValue((client, packet.Ssrc), out var stream))
        {
            _streams.Add((client, packet.Ssrc), stream = new Stream());
        }

        var first = !stream.Numbers.HasStarted;
        var highest = stream.Numbers.Highest;
        var index = stream.Numbers.Unwrap(packet.SequenceNumber.Value);
        stream.Packets++;
        if (stream.Sent.TryGetValue(index, out var before))
        {
            Expect(before.AsSpan().SequenceEqual(bytes), "two packets under one index");
            return;
        }

        stream.Sent.Add(index, bytes.ToArray());
        if (!first && index > highest)
        {
            // One number stays empty where a picture was left in its middle; lost packets come later.
            var limit = loss == 0 ? 2 : 100;
            Expect(index - highest <= limit, $"a number jumps by {index - highest}");
            if (stream.PayloadType == packet.PayloadType && packet.PayloadType is ModelSource.Vp8)
            {
                var ticks = (int)(packet.Timestamp.Value - stream.Timestamp.Value);
                var elapsed = (now - stream.At).TotalSeconds * 90_000;
                Expect(ticks >= 0 && ticks <= elapsed + 90_000, $"time goes {ticks} ticks on in {elapsed:0}");
            }
        }

        if (first || index > highest)
        {
            (stream.Timestamp, stream.At, stream.PayloadType) = (packet.Timestamp, now, packet.PayloadType);
        }
    }

    private void Expect(bool holds, string what)
    {
        if (!holds)
        {
            _faults.Add(what);
        }
    }

    private sealed class Stream
    {
        public SequenceUnwrapper Numbers;

        public Dictionary<long, byte[]> Sent { get; } = [];

        public long Packets { get; set; }

        public RtpTimestamp Timestamp { get; set; }

        public byte PayloadType { get; set; }

        public Instant At { get; set; }
    }
}
