using System.Buffers.Binary;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Srtp;

public sealed class SrtpSessionTests
{
    public static TheoryData<SrtpProfile> Profiles() => [SrtpProfile.AeadAes128Gcm, SrtpProfile.Aes128CmHmacSha1Tag80];

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Packets_survive_loss_and_reordering_across_many_rollovers(SrtpProfile profile)
    {
        var random = new Random(11);
        var (sender, receiver) = Pair(profile, replayProtection: true);
        var late = new List<byte[]>();
        for (var index = 65_000; index < 65_000 + 200_000; index += 1 + random.Next(40))
        {
            var packet = Protect(sender, new PacketIndex((ulong)(index - 65_000 + 30_000)), 0xCAFE, out var plain);
            if (random.Next(8) == 0)
            {
                late.Add(packet);
                continue;
            }

            AssertUnprotects(receiver, packet, plain);
            foreach (var delayed in late)
            {
                Assert.True(receiver.TryUnprotectRtp(delayed, out _));
            }

            late.Clear();
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_changed_packet_is_refused_and_does_no_harm(SrtpProfile profile)
    {
        var random = new Random(5);
        var (sender, receiver) = Pair(profile);
        for (var i = 0; i < 500; i++)
        {
            var packet = Protect(sender, new PacketIndex((ulong)i), 7, out var plain);
            var forged = (byte[])packet.Clone();
            forged[random.Next(forged.Length)] ^= (byte)random.Next(1, 256);
            Assert.False(receiver.TryUnprotectRtp(forged, out _));
            Assert.False(receiver.TryUnprotectRtp(packet.AsSpan(0, random.Next(packet.Length)).ToArray(), out _));
            AssertUnprotects(receiver, packet, plain);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Replayed_rtcp_is_refused(SrtpProfile profile)
    {
        var (sender, receiver) = Pair(profile);
        var packet = new byte[64];
        packet[0] = 0x80;
        packet[1] = 201;
        Assert.Equal(SrtpError.None, sender.ProtectRtcp(packet, 32, 0, out var length));
        var copy = packet[..length];
        Assert.True(receiver.TryUnprotectRtcp(packet.AsSpan(0, length), out var plainLength));
        Assert.Equal(32, plainLength);
        Assert.False(receiver.TryUnprotectRtcp(copy, out _));
    }

    [Fact]
    public void Replayed_rtp_is_refused_only_when_asked()
    {
        foreach (var protection in (bool[])[true, false])
        {
            var (sender, receiver) = Pair(SrtpProfile.AeadAes128Gcm, protection);
            var packet = Protect(sender, new PacketIndex(10), 7, out _);
            var copy = (byte[])packet.Clone();
            Assert.True(receiver.TryUnprotectRtp(packet, out _));
            Assert.Equal(!protection, receiver.TryUnprotectRtp(copy, out _));
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Garbage_never_throws(SrtpProfile profile)
    {
        var random = new Random(3);
        var (sender, receiver) = Pair(profile);
        var buffer = new byte[200];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(buffer);
            buffer[0] = (byte)(0x80 | (buffer[0] & 0x3F));
            var length = random.Next(buffer.Length);
            Assert.False(receiver.TryUnprotectRtp(buffer.AsSpan(0, length), out _));
            Assert.False(receiver.TryUnprotectRtcp(buffer.AsSpan(0, length), out _));
            sender.ProtectRtp(buffer, length, new PacketIndex(BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(2))), out _);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Nothing_is_allocated_for_a_packet(SrtpProfile profile)
    {
        var (sender, receiver) = Pair(profile);
        var buffer = new byte[1300];
        RoundTrip(sender, receiver, buffer, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < 1000; i++)
        {
            RoundTrip(sender, receiver, buffer, (ushort)i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Streams_come_and_go_for_ever_and_one_that_goes_on_is_remembered(SrtpProfile profile)
    {
        var (sender, receiver) = Pair(profile);
        ulong index = 30_000;
        for (uint ssrc = 100; ssrc < 5_100; ssrc++)
        {
            AssertUnprotects(receiver, Protect(sender, new PacketIndex(1), ssrc, out var plain), plain);
            sender.EndStream(new Ssrc(ssrc));

            // Many times around: whoever forgets how often cannot read it any more (RFC 3711 section 3.3.1).
            index += 100;
            AssertUnprotects(receiver, Protect(sender, new PacketIndex(index), 7, out plain), plain);
        }

        Assert.InRange(receiver.ReceivedStreamsKept.Media, ISrtpSession.ClientStreams / 2, ISrtpSession.ClientStreams);
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Reports_of_ever_new_streams_are_read(SrtpProfile profile)
    {
        var (sender, receiver) = Pair(profile);
        for (uint i = 1; i <= 5_000; i++)
        {
            var packet = new byte[64];
            (packet[0], packet[1]) = (0x80, 200);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), i);
            Assert.Equal(SrtpError.None, sender.ProtectRtcp(packet, 28, i, out var length));
            Assert.True(receiver.TryUnprotectRtcp(packet.AsSpan(0, length), out _));
        }

        Assert.InRange(receiver.ReceivedStreamsKept.Reports, ISrtpSession.ClientStreams / 2, ISrtpSession.ClientStreams);
    }

    private static void RoundTrip(SrtpSession sender, SrtpSession receiver, byte[] buffer, ushort sequence)
    {
        buffer[0] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(2), sequence);
        if (sender.ProtectRtp(buffer, 1200, new PacketIndex(sequence), out var length) != SrtpError.None || !receiver.TryUnprotectRtp(buffer.AsSpan(0, length), out _))
        {
            throw new InvalidOperationException("The packet was lost.");
        }
    }

    private static (SrtpSession Sender, SrtpSession Receiver) Pair(SrtpProfile profile, bool replayProtection = false)
    {
        var length = SrtpProfiles.MasterKeyLength + profile.MasterSaltLength();
        var (a, b) = (new byte[length], new byte[length]);
        new Random(1).NextBytes(a);
        new Random(2).NextBytes(b);
        var options = new SrtpOptions { RtpReplayProtection = replayProtection };
        return (new SrtpSession(profile, a, b, options), new SrtpSession(profile, b, a, options));
    }

    /// <summary>A packet with a CSRC and a header extension, its payload derived from its number.</summary>
    private static byte[] Protect(SrtpSession sender, PacketIndex index, uint ssrc, out byte[] plain)
    {
        plain = new byte[12 + 4 + 8 + 50];
        plain[0] = 0x80 | 0x10 | 1;
        plain[1] = 96;
        BinaryPrimitives.WriteUInt16BigEndian(plain.AsSpan(2), index.Sequence.Value);
        BinaryPrimitives.WriteUInt32BigEndian(plain.AsSpan(8), ssrc);
        plain[19] = 1;
        plain.AsSpan(24).Fill((byte)index.Value);
        byte[] packet = [.. plain, .. new byte[sender.RtpOverhead]];
        Assert.Equal(SrtpError.None, sender.ProtectRtp(packet, plain.Length, index, out var length));
        Assert.Equal(packet.Length, length);
        Assert.Equal(plain[..24], packet[..24]);
        Assert.NotEqual(plain[24..], packet[24..plain.Length]);
        return packet;
    }

    private static void AssertUnprotects(SrtpSession receiver, byte[] packet, byte[] plain)
    {
        Assert.True(receiver.TryUnprotectRtp(packet, out var length));
        Assert.Equal(plain, packet[..length]);
    }
}
