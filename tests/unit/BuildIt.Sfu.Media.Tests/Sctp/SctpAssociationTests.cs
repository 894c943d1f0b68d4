using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sctp;

namespace BuildIt.Sfu.Media.Tests.Sctp;

public class SctpAssociationTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    public static TheoryData<int, double, double, int, int> Paths
    {
        get
        {
            var paths = new TheoryData<int, double, double, int, int>();
            var seed = 1;
            foreach (var loss in new[] { 0, 0.02, 0.1, 0.2 })
            {
                foreach (var delay in new[] { 1, 50, 300 })
                {
                    paths.Add(seed++, loss, 0, delay, 0);
                    paths.Add(seed++, loss, 0.05, delay, delay / 2 + 5);
                }
            }

            return paths;
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Either_side_or_both_may_open(bool leftConnects, bool rightConnects)
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2));
        var path = new EmulatedPath(left, right, new PathQuality(), seed: 1);

        Connect(path, left, right, leftConnects, rightConnects);

        Assert.Equal((1, 1), (left.Connected, right.Connected));
        Assert.InRange(path.Now.Milliseconds, 20, 60);
    }

    [Fact]
    public void Data_before_the_handshake_is_over_changes_nothing()
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2));
        var packet = new byte[1500];
        var now = Instant.FromMilliseconds(1);
        left.Association.Connect(now);
        Assert.True(left.TryGetOutgoing(packet, now, out var length));
        right.Handle(packet.AsSpan(0, length), now);

        // INIT ACK says the tag that packets to its sender have.
        Assert.True(right.TryGetOutgoing(packet, now, out _));
        var early = new byte[100];
        var writer = new SctpPacketWriter(early, SctpOptions.Default.LocalPort, SctpOptions.Default.RemotePort, BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(16)));
        writer.Chunk(ChunkType.Data, SctpConstants.FlagBegin | SctpConstants.FlagEnd, 13);
        writer.Finish(withChecksum: true);
        right.Handle(early.AsSpan(0, writer.Length), now);

        Assert.Empty(right.Messages);
        Assert.Equal(SctpState.Closed, right.Association.State);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Reliable_messages_arrive_once_and_in_order(int seed, double loss, double duplication, int delay, int jitter)
    {
        var (left, right) = (new SctpEnd(seed), new SctpEnd(seed + 1000));
        var path = Path(left, right, seed, loss, duplication, delay, jitter);
        Connect(path, left, right, seed % 2 == 0, true);
        var random = new Random(seed);
        var sent = new List<(ushort Stream, byte[] Data)>();
        var next = 0;

        var done = path.RunUntil(() => right.Messages.Count >= 120, Long, now =>
        {
            while (next < 120)
            {
                var message = Message(random, next, random.Next(4) == 0 ? random.Next(4, 65535) : random.Next(4, 300));
                var stream = (ushort)random.Next(3);
                if (left.Association.Send(stream, 53, message, SctpDelivery.Reliable) != SctpSendResult.Queued)
                {
                    return;
                }

                sent.Add((stream, message));
                next++;
            }
        });

        Assert.True(done, $"{right.Messages.Count} arrived; {left.Closed} {right.Closed}");
        for (ushort stream = 0; stream < 3; stream++)
        {
            Assert.Equal(
                sent.Where(message => message.Stream == stream).Select(message => message.Data),
                right.Messages.Where(message => message.Stream == stream).Select(message => message.Data));
        }

        Assert.Equal(0, right.Association.ReceiveBuffered);
        Assert.InRange(right.MostReceiveBuffered, 0, 2 * SctpOptions.Default.ReceiveBuffer);
        Assert.True(path.RunUntil(() => left.Association.SendBuffered == 0, Long));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Unordered_reliable_messages_all_arrive(int seed, double loss, double duplication, int delay, int jitter)
    {
        var (left, right) = (new SctpEnd(seed), new SctpEnd(seed + 1000));
        var path = Path(left, right, seed, loss, duplication, delay, jitter);
        Connect(path, left, right, true, false);
        var random = new Random(seed);
        var sent = Enumerable.Range(0, 100).Select(i => Message(random, i, random.Next(4, 5000))).ToArray();
        foreach (var message in sent)
        {
            Assert.Equal(SctpSendResult.Queued, left.Association.Send(1, 53, message, new SctpDelivery { Unordered = true }));
        }

        Assert.True(path.RunUntil(() => right.Messages.Count >= 100, Long));

        Assert.Equal(sent.Select(IndexOf), right.Messages.Select(message => IndexOf(message.Data)).Order());
        Assert.All(right.Messages, message => Assert.Equal(sent[IndexOf(message.Data)], message.Data));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Messages_given_up_are_skipped_and_never_block_later_ones(int seed, double loss, double duplication, int delay, int jitter)
    {
        var (left, right) = (new SctpEnd(seed), new SctpEnd(seed + 1000));
        var path = Path(left, right, seed, loss, duplication, delay, jitter);
        Connect(path, left, right, true, true);
        var random = new Random(seed);
        var sent = 0;
        var reliable = 0;
        path.RunUntil(() => sent == 400, Long, now =>
        {
            var delivery = new SctpDelivery { Unordered = sent % 2 == 0, MaxRetransmits = sent % 3 == 0 ? 1 : 0 };
            Assert.Equal(SctpSendResult.Queued, left.Association.Send(2, 53, Message(random, sent, random.Next(4, 3000)), delivery));
            if (++sent % 20 == 0)
            {
                left.Association.Send(3, 51, Message(random, reliable++, 50), SctpDelivery.Reliable);
            }
        });

        Assert.True(path.RunUntil(() => left.Association.SendBuffered == 0, Long), $"{left.Association.SendBuffered} held");
        Assert.True(path.RunUntil(() => right.Association.ReceiveBuffered == 0, Long));

        var lossy = right.Messages.Where(message => message.Stream == 2).Select(message => IndexOf(message.Data)).ToArray();
        Assert.Equal(lossy.Length, lossy.Distinct().Count());
        var ordered = lossy.Where(index => index % 2 == 1).ToArray();
        Assert.Equal(ordered.Order(), ordered);
        Assert.Equal(Enumerable.Range(0, reliable), right.Messages.Where(message => message.Stream == 3).Select(message => IndexOf(message.Data)));
        Assert.InRange(lossy.Length, 400 * (1 - 4 * loss) - 10, 400);
    }

    [Fact]
    public void Expired_messages_are_not_sent()
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2));
        var path = new EmulatedPath(left, right, new PathQuality { Delay = TimeSpan.FromMilliseconds(100) }, seed: 1);
        Connect(path, left, right, true, false);
        var random = new Random(1);
        for (var i = 0; i < 40; i++)
        {
            left.Association.Send(0, 53, Message(random, i, 2_000), new SctpDelivery { Expires = path.Now + TimeSpan.FromMilliseconds(250) });
        }

        Assert.True(path.RunUntil(() => left.Association.SendBuffered == 0, Long));
        left.Association.Send(0, 53, Message(random, 1000, 10), SctpDelivery.Reliable);
        Assert.True(path.RunUntil(() => right.Messages.Count > 0 && IndexOf(right.Messages[^1].Data) == 1000, TimeSpan.FromSeconds(5)));

        Assert.InRange(right.Messages.Count, 2, 20);
        Assert.Equal(0, right.Association.ReceiveBuffered);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.1)]
    public void A_reset_stream_starts_again_from_zero(int seed, double loss)
    {
        var (left, right) = (new SctpEnd(seed), new SctpEnd(seed + 1000));
        var path = Path(left, right, seed, loss, 0, 30, 5);
        Connect(path, left, right, true, true);
        var random = new Random(seed);
        for (var i = 0; i < 10; i++)
        {
            left.Association.Send(4, 53, Message(random, i, 3000), SctpDelivery.Reliable);
        }

        left.Association.ResetStream(4);
        Assert.Equal(SctpSendResult.StreamUnavailable, left.Association.Send(4, 53, [1, 2, 3, 4], SctpDelivery.Reliable));
        Assert.True(path.RunUntil(() => left.OutgoingResets.Count > 0, Long));

        Assert.Equal([4], right.IncomingResets.Select(stream => (int)stream));
        Assert.Equal(10, right.Messages.Count);
        left.Association.Send(4, 53, Message(random, 10, 100), SctpDelivery.Reliable);
        Assert.True(path.RunUntil(() => right.Messages.Count == 11, Long));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.15)]
    public void Shutdown_delivers_what_waits(int seed, double loss)
    {
        var (left, right) = (new SctpEnd(seed), new SctpEnd(seed + 1000));
        var path = Path(left, right, seed, loss, 0, 20, 0);
        Connect(path, left, right, true, false);
        var random = new Random(seed);
        for (var i = 0; i < 20; i++)
        {
            left.Association.Send(0, 53, Message(random, i, 10_000), SctpDelivery.Reliable);
        }

        left.Association.Shutdown(path.Now);

        Assert.True(path.RunUntil(() => left.Closed is not null, Long));
        path.RunUntil(() => right.Closed is not null, Long);
        Assert.Equal(20, right.Messages.Count);
        Assert.Equal(SctpCloseReason.Shutdown, left.Closed);
        Assert.NotNull(right.Closed);
    }

    [Fact]
    public void Abort_reaches_the_peer_and_a_dead_peer_is_noticed()
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2));
        var path = new EmulatedPath(left, right, new PathQuality(), seed: 1);
        Connect(path, left, right, true, false);
        left.Association.Abort(path.Now);
        Assert.True(path.RunUntil(() => right.Closed is not null, Long));
        Assert.Equal((SctpCloseReason.Aborted, SctpCloseReason.AbortedByPeer), (left.Closed!.Value, right.Closed!.Value));
        Assert.Equal(Instant.Never, left.NextDeadline);

        var (lonely, mute) = (new SctpEnd(3), new SctpEnd(4));
        var broken = false;
        path = new EmulatedPath(lonely, mute, new PathQuality(), seed: 2) { Tamper = (packet, _) => broken ? [] : packet };
        Connect(path, lonely, mute, true, false);
        broken = true;
        Assert.True(path.RunUntil(() => lonely.Closed is not null, TimeSpan.FromHours(1)));
        Assert.Equal(SctpCloseReason.Unreachable, lonely.Closed);
    }

    [Fact]
    public void Sending_is_bounded_and_says_so()
    {
        var options = new SctpOptions { SendBuffer = 100_000 };
        var (left, right) = (new SctpEnd(1, options), new SctpEnd(2));
        var path = new EmulatedPath(left, right, new PathQuality(), seed: 1);
        Assert.Equal(SctpSendResult.NotConnected, left.Association.Send(0, 53, [1], SctpDelivery.Reliable));
        Connect(path, left, right, true, false);

        var queued = 0;
        while (left.Association.Send(0, 53, [1], SctpDelivery.Reliable) == SctpSendResult.Queued)
        {
            queued++;
        }

        Assert.InRange(queued, 500, 1000);
        Assert.InRange(left.Association.SendBuffered, 0, options.SendBuffer);
        Assert.Equal(SctpSendResult.StreamUnavailable, left.Association.Send(2000, 53, [1], SctpDelivery.Reliable));
    }

    [Fact]
    public void A_peer_that_ignores_the_window_is_cut_off_before_memory_grows()
    {
        // The first ordered message of the stream never comes; the peer sends on regardless.
        var options = new SctpOptions { ReceiveBuffer = 20_000 };
        var (left, right) = (new SctpEnd(1, new SctpOptions { ReceiveBuffer = 4_000_000 }), new SctpEnd(2, options));
        var path = new EmulatedPath(left, right, new PathQuality(), seed: 1)
        {
            Tamper = (packet, _) => RaiseSequenceNumbers(RaiseWindow(packet)),
        };
        Connect(path, left, right, true, false);
        for (var i = 0; i < 200; i++)
        {
            left.Association.Send(0, 53, new byte[1000], SctpDelivery.Reliable);
        }

        Assert.True(path.RunUntil(() => right.Closed is not null, Long));

        Assert.Equal(SctpCloseReason.ProtocolViolation, right.Closed);
        Assert.InRange(right.MostReceiveBuffered, 20_000, 2 * 20_000);
        Assert.Empty(right.Messages);
    }

    [Fact]
    public void A_message_over_the_limit_ends_the_association()
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2, new SctpOptions { MaxMessageSize = 10_000 }));
        var path = new EmulatedPath(left, right, new PathQuality(), seed: 1);
        Connect(path, left, right, true, false);
        left.Association.Send(0, 53, new byte[10_001], SctpDelivery.Reliable);

        Assert.True(path.RunUntil(() => right.Closed is not null, Long));

        Assert.Equal(SctpCloseReason.ProtocolViolation, right.Closed);
        Assert.Empty(right.Messages);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Mutated_packets_never_throw_nor_grow_memory(int seed)
    {
        for (var round = 0; round < 40; round++)
        {
            var (left, right) = (new SctpEnd(seed * 1000 + round), new SctpEnd(seed * 2000 + round));
            var path = new EmulatedPath(left, right, new PathQuality { Delay = TimeSpan.FromMilliseconds(5) }, seed + round) { Tamper = Mutate };
            left.Association.Connect(path.Now);
            right.Association.Connect(path.Now);
            var random = new Random(seed + round);
            var sent = 0;
            path.RunUntil(() => left.Closed is not null || right.Closed is not null || sent > 60, TimeSpan.FromSeconds(60), now =>
            {
                left.Association.Send((ushort)random.Next(4), 53, Message(random, sent, random.Next(4, 8000)), new SctpDelivery { MaxRetransmits = random.Next(3), Unordered = random.Next(2) == 0 });
                right.Association.Send((ushort)random.Next(4), 53, Message(random, sent, random.Next(4, 500)), SctpDelivery.Reliable);
                sent++;
                if (sent % 15 == 0)
                {
                    left.Association.ResetStream((ushort)random.Next(4));
                }

                right.Association.Hold((ushort)random.Next(4), held: random.Next(3) == 0, now);
            });

            Assert.InRange(left.MostReceiveBuffered, 0, 2 * SctpOptions.Default.ReceiveBuffer);
            Assert.InRange(right.MostReceiveBuffered, 0, 2 * SctpOptions.Default.ReceiveBuffer);
        }

        static byte[] Mutate(byte[] packet, Random random)
        {
            if (random.Next(5) == 0)
            {
                for (var i = random.Next(1, 4); i > 0; i--)
                {
                    packet[random.Next(12, packet.Length)] = (byte)random.Next(256);
                }

                packet = random.Next(6) == 0 ? packet[..random.Next(1, packet.Length)] : packet;
            }

            // Zero: not even the checksum stands in the way.
            packet.AsSpan(Math.Min(8, packet.Length)..Math.Min(12, packet.Length)).Clear();
            return packet;
        }
    }

    [Theory]
    [InlineData(20, 0, 20_000_000)]
    [InlineData(50, 0.001, 2_000_000)]
    [InlineData(50, 0.01, 600_000)]
    public void Throughput_is_what_the_path_allows(int delay, double loss, long atLeastBitsPerSecond)
    {
        var (left, right) = (new SctpEnd(1), new SctpEnd(2));
        var path = Path(left, right, seed: 5, loss, 0, delay, 0);
        Connect(path, left, right, true, false);
        var start = path.Now;
        var received = 0L;
        var message = new byte[16_000];

        path.RunUntil(() => path.Now - start > TimeSpan.FromSeconds(10), Long, now =>
        {
            while (left.Association.SendBuffered < 1_000_000 && left.Association.Send(0, 53, message, SctpDelivery.Reliable) == SctpSendResult.Queued)
            {
            }

            received += right.Messages.Sum(m => (long)m.Data.Length);
            right.Messages.Clear();
        });

        Assert.InRange(received * 8 / 10, atLeastBitsPerSecond, long.MaxValue);
    }

    [Fact]
    public void Checksum_matches_the_known_value_and_is_left_out_once_agreed()
    {
        // CRC32c of "123456789" is e3069283; here over a packet whose checksum field counts as zero.
        var packet = new byte[16];
        "12345678"u8.CopyTo(packet);
        var expected = ReferenceCrc(packet);
        Assert.Equal(expected, SctpChecksum.Compute(packet));
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), 0xFFFFFFFF);
        Assert.Equal(expected, SctpChecksum.Compute(packet));

        var (withZero, without) = (Checksums(true), Checksums(false));
        Assert.Contains(0u, withZero);
        Assert.DoesNotContain(0u, without);
        Assert.All(withZero.Take(3), checksum => Assert.NotEqual(0u, checksum));

        static List<uint> Checksums(bool zero)
        {
            var seen = new List<uint>();
            var options = new SctpOptions { ZeroChecksum = zero };
            var (left, right) = (new SctpEnd(1, options), new SctpEnd(2, options));
            var path = new EmulatedPath(left, right, new PathQuality(), seed: 1)
            {
                Tamper = (packet, _) =>
                {
                    seen.Add(SctpChecksum.Read(packet));
                    return packet;
                },
            };
            Connect(path, left, right, true, false);
            left.Association.Send(0, 53, [1, 2, 3], SctpDelivery.Reliable);
            Assert.True(path.RunUntil(() => right.Messages.Count == 1, Long));
            return seen;
        }
    }

    private static uint ReferenceCrc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    // Makes every SACK announce a wide window.
    private static byte[] RaiseWindow(byte[] packet)
    {
        for (var at = 12; at + 12 <= packet.Length; at += SctpConstants.Padded(Math.Max(4, (int)BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 2)))))
        {
            if (packet[at] is (byte)ChunkType.Sack or (byte)ChunkType.InitAck or (byte)ChunkType.Init)
            {
                BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(at + 8), 4_000_000);
            }
        }

        SctpChecksum.Write(packet, SctpChecksum.Compute(packet));
        return packet;
    }

    private static byte[] RaiseSequenceNumbers(byte[] packet)
    {
        for (var at = 12; at + 16 <= packet.Length; at += SctpConstants.Padded(Math.Max(4, (int)BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 2)))))
        {
            if (packet[at] == (byte)ChunkType.Data)
            {
                var ssn = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at + 10));
                BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(at + 10), (ushort)(ssn + 1));
            }
        }

        SctpChecksum.Write(packet, SctpChecksum.Compute(packet));
        return packet;
    }

    private static EmulatedPath Path(SctpEnd left, SctpEnd right, int seed, double loss, double duplication, int delay, int jitter) =>
        new(left, right, new PathQuality
        {
            Loss = loss,
            Duplication = duplication,
            Delay = TimeSpan.FromMilliseconds(delay),
            Jitter = TimeSpan.FromMilliseconds(jitter),
        }, seed);

    private static void Connect(EmulatedPath path, SctpEnd left, SctpEnd right, bool leftConnects, bool rightConnects)
    {
        if (leftConnects)
        {
            left.Association.Connect(path.Now);
        }

        if (rightConnects)
        {
            right.Association.Connect(path.Now);
        }

        Assert.True(path.RunUntil(() => left.Connected > 0 && right.Connected > 0, Long));
    }

    private static byte[] Message(Random random, int index, int length)
    {
        var message = new byte[length];
        random.NextBytes(message);
        BinaryPrimitives.WriteInt32BigEndian(message, index);
        return message;
    }

    private static int IndexOf(byte[] message) => BinaryPrimitives.ReadInt32BigEndian(message);
}
