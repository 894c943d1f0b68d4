using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>A stream's codec is what its newest packet says, and it changes a few times only.</summary>
public sealed class CodecChangeTests
{
    private readonly VirtualRoom _room = new(seed: 73);
    private readonly List<byte> _types = [];

    [Fact]
    public void Packets_played_back_change_nothing()
    {
        var (publisher, subscriber) = Talk();
        List<byte[]> old = [];
        var output = publisher.Output;
        publisher.Output = (bytes, now) =>
        {
            old.Add(bytes.ToArray());
            output(bytes, now);
        };
        _room.Run(1);
        publisher.Output = output;
        publisher.ChangeCodec(audio: true);
        _room.Run(0.5);
        Assert.Equal(ModelSource.Opus, subscriber.Audio.PayloadType);
        _types.Clear();

        for (var i = 0; i < 100; i++)
        {
            _room.Run(0.01);
            publisher.NodeSide.Handler.HandleDatagram((byte[])old[i % old.Count].Clone(), VirtualRoom.AddressOf(0), _room.Now);
        }

        _room.Run(0.1);
        Assert.True(_types.Count > 40, $"{_types.Count} packets");
        Assert.All(_types, type => Assert.Equal(ModelSource.Opus, type));
        Assert.Empty(publisher.Limits);
    }

    [Fact]
    public void A_publisher_that_changes_with_every_packet_is_held_back()
    {
        var (publisher, _) = Talk();
        _types.Clear();
        for (var i = 0; i < 500; i++)
        {
            publisher.ChangeCodec(audio: true);
            _room.Run(0.02);
        }

        var changes = _types.Zip(_types.Skip(1), (one, next) => one != next).Count(changed => changed);
        Assert.InRange(changes, 1, 8);
        Assert.Contains(ClientLimit.CodecChanges, publisher.Limits);
        Assert.Empty(_room.Encryption.Refused);
    }

    private (ModelClient Publisher, ModelClient Subscriber) Talk()
    {
        var publisher = _room.Join("p");
        var subscriber = _room.Join("s");
        publisher.Red = subscriber.Red = true;
        publisher.Publish();
        subscriber.OfferToReceive();
        _room.Run(1);
        subscriber.Subscribe(publisher, new SubscriptionSettings());
        _room.Run(2);
        var output = subscriber.NodeSide.Output;
        subscriber.NodeSide.Output = (bytes, now) =>
        {
            if (!RtpPacketView.LooksLikeRtcp(bytes) && RtpPacketView.TryParse(bytes, out var packet) && packet.PayloadType is ModelSource.Red or ModelSource.Opus)
            {
                _types.Add(packet.PayloadType);
            }

            output(bytes, now);
        };
        return (publisher, subscriber);
    }
}
