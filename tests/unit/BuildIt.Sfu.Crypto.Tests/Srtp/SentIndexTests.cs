using System.Buffers.Binary;
using BuildIt.Sfu.Crypto.Srtp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Tests.Srtp;

/// <summary>A keystream is used once: RFC 3711 section 9.1, RFC 7714 section 8.3.</summary>
public sealed class SentIndexTests
{
    private const int Window = ISrtpSession.Window;

    public static TheoryData<SrtpProfile> Profiles() => [SrtpProfile.AeadAes128Gcm, SrtpProfile.Aes128CmHmacSha1Tag80];

    [Theory]
    [MemberData(nameof(Profiles))]
    public void An_index_is_protected_once(SrtpProfile profile)
    {
        var refusals = new SrtpRefusals();
        using var session = Session(profile, refusals);
        Assert.Equal(SrtpError.None, Protect(session, 7, 100, out _));
        var second = new byte[200];
        second[0] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(second.AsSpan(2), 100);
        second[11] = 7;
        second[20] = 0xEE;
        var before = (byte[])second.Clone();

        Assert.Equal(SrtpError.IndexReused, session.ProtectRtp(second, 50, new PacketIndex(100), out var length));

        Assert.Equal(0, length);
        Assert.Equal(before, second);
        Assert.Equal(1, refusals[SrtpError.IndexReused]);
        Assert.Equal(SrtpError.None, Protect(session, 8, 100, out _));
        Assert.Equal(SrtpError.None, Protect(session, 7, 101, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Places_that_were_passed_over_are_filled_once_within_the_window(int seed)
    {
        var random = new Random(seed);
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        var used = new HashSet<long>();
        long highest = 30_000;
        for (var i = 0; i < 60_000; i++)
        {
            var index = random.Next(20) switch
            {
                0 => highest + random.Next(1, 3 * Window),
                < 4 => highest + random.Next(1, 40),
                < 10 => highest - random.Next(Window + 50),
                _ => highest + 1,
            };
            if (used.Count == 0)
            {
                index = highest;
            }

            var isOpen = index > highest || (!used.Contains(index) && index > highest - Window && index > 30_000);
            var expected = isOpen || used.Count == 0 ? SrtpError.None : SrtpError.IndexReused;
            Assert.True(index < 0 || expected == Protect(session, 7, (ulong)index, out _), $"index {index} of {highest}, seed {seed}");
            if (expected == SrtpError.None)
            {
                used.Add(index);
                highest = Math.Max(highest, index);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_report_is_protected_under_growing_indexes_only(SrtpProfile profile)
    {
        var refusals = new SrtpRefusals();
        using var session = Session(profile, refusals);
        Assert.Equal(SrtpError.None, ProtectReport(session, 5));
        Assert.Equal(SrtpError.IndexReused, ProtectReport(session, 5));
        Assert.Equal(SrtpError.IndexReused, ProtectReport(session, 4));
        Assert.Equal(SrtpError.None, ProtectReport(session, 6));
        Assert.Equal(SrtpError.KeySpent, ProtectReport(session, 1u << 31));
        Assert.Equal(2, refusals[SrtpError.IndexReused]);
    }

    [Fact]
    public void A_header_with_another_number_than_its_index_is_refused()
    {
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        var packet = new byte[100];
        packet[0] = 0x80;
        Assert.Equal(SrtpError.Malformed, session.ProtectRtp(packet, 50, new PacketIndex(1), out _));
        Assert.Equal(SrtpError.KeySpent, Protect(session, 7, PacketIndex.End, out _));
    }

    [Fact]
    public void A_source_that_ended_is_refused_whether_or_not_it_was_used()
    {
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        Assert.Equal(SrtpError.None, Protect(session, 7, 1, out _));
        session.EndStream(new Ssrc(7));
        session.EndStream(new Ssrc(9));

        Assert.Equal(SrtpError.StreamEnded, Protect(session, 7, 2, out _));
        Assert.Equal(SrtpError.StreamEnded, Protect(session, 9, 1, out _));
        Assert.Equal(SrtpError.None, Protect(session, 8, 1, out _));
    }

    [Fact]
    public void Streams_that_come_and_go_leave_nothing_behind()
    {
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        for (uint ssrc = 1000; ssrc < 101_000; ssrc += 2)
        {
            Assert.Equal(SrtpError.None, Protect(session, ssrc, 1, out _));
            session.EndStream(new Ssrc(ssrc));

            // Its repairs were never needed.
            session.EndStream(new Ssrc(ssrc + 1));
        }

        Assert.Equal((0, 1), session.StreamsKept);
        Assert.Equal(SrtpError.StreamEnded, Protect(session, 50_000, 1, out _));
    }

    [Fact]
    public void Scattered_sources_are_bounded_and_none_comes_back()
    {
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        for (uint i = 0; i <= EndedStreams.MaxRanges; i++)
        {
            session.EndStream(new Ssrc(i * 1000));
        }

        Assert.Equal((0, EndedStreams.MaxRanges), session.StreamsKept);
        Assert.Equal(SrtpError.StreamEnded, Protect(session, 5000, 1, out _));
        Assert.Equal(SrtpError.StreamLimit, Protect(session, 5001, 1, out _));
    }

    [Fact]
    public void Streams_at_a_time_are_bounded()
    {
        using var session = Session(SrtpProfile.AeadAes128Gcm);
        for (uint ssrc = 0; ssrc < SrtpSession.MaxSendStreams; ssrc++)
        {
            Assert.Equal(SrtpError.None, Protect(session, ssrc, 1, out _));
        }

        Assert.Equal(SrtpError.StreamLimit, Protect(session, uint.MaxValue, 1, out _));
        session.EndStream(new Ssrc(0));
        Assert.Equal(SrtpError.None, Protect(session, uint.MaxValue, 1, out _));
    }

    private static SrtpSession Session(SrtpProfile profile, SrtpRefusals? refusals = null)
    {
        var key = new byte[SrtpProfiles.MasterKeyLength + profile.MasterSaltLength()];
        return new SrtpSession(profile, key, key, new SrtpOptions(), refusals);
    }

    private static SrtpError Protect(SrtpSession session, uint ssrc, ulong index, out byte[] packet)
    {
        packet = new byte[100];
        packet[0] = 0x80;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)index);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(8), ssrc);
        return session.ProtectRtp(packet, 50, new PacketIndex(index), out _);
    }

    private static SrtpError ProtectReport(SrtpSession session, uint index)
    {
        var packet = new byte[64];
        packet[0] = 0x80;
        packet[1] = 201;
        return session.ProtectRtcp(packet, 8, index, out _);
    }
}
