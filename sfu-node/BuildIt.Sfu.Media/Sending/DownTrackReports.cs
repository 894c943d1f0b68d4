using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// Sender reports of one outgoing stream and what the subscriber reports back. Reports carry the publisher's own NTP clock, so that
/// the tracks of one publisher stay aligned at the subscriber and a layer switch never moves that clock.
/// </summary>
public sealed class DownTrackReports(Ssrc ssrc, int clockRate)
{
    private const int Remembered = 8;

    private readonly (uint Middle, Instant SentAt)[] _sent = new (uint, Instant)[Remembered];
    private int _next;
    private uint _packets;
    private uint _octets;

    /// <summary>Ticks a second of what is sent now.</summary>
    internal int ClockRate { get; set; } = clockRate;

    /// <summary>Round-trip time to the subscriber; 100 ms until measured.</summary>
    public TimeSpan RoundTrip { get; private set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether <see cref="RoundTrip"/> was measured.</summary>
    public bool HasRoundTrip { get; private set; }

    /// <summary>Share of packets the subscriber lost in its last report interval, 0 to 1.</summary>
    public double FractionLost { get; private set; }

    /// <summary>Packets lost on the way to the subscriber since the start.</summary>
    public int CumulativeLost { get; private set; }

    public TimeSpan Jitter { get; private set; }

    /// <summary>Packets sent, retransmissions on their own stream not counted.</summary>
    public long PacketsSent { get; private set; }

    /// <summary>Bytes of payload sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>When the subscriber last reported; null before.</summary>
    public Instant? LastReport { get; private set; }

    internal void OnSent(int payloadBytes)
    {
        _packets++;
        _octets += (uint)payloadBytes;
        PacketsSent++;
        BytesSent += payloadBytes;
    }

    /// <summary>Takes the subscriber's report on this stream; blocks on other streams are ignored.</summary>
    public void HandleReport(in ReportBlock block, Instant now)
    {
        if (block.Source != ssrc)
            return;
        LastReport = now;
        FractionLost = block.FractionLost / 256.0;
        CumulativeLost = block.CumulativeLost;
        Jitter = TimeSpan.FromSeconds(block.Jitter / (double)ClockRate);
        if (block.LastReport == 0)
            return;
        foreach (var (middle, sentAt) in _sent)
        {
            if (middle != block.LastReport || sentAt == default)
                continue;
            // RFC 3550 section 6.4.1: round trip = arrival - LSR - DLSR, here on the node's own clock.
            var roundTrip = now - sentAt - TimeSpan.FromSeconds(block.DelaySinceLastReport / 65536.0);
            if (roundTrip < TimeSpan.Zero || roundTrip > TimeSpan.FromSeconds(10))
                return;
            RoundTrip = HasRoundTrip ? (RoundTrip * 7 + roundTrip) / 8 : roundTrip;
            HasRoundTrip = true;
            return;
        }
    }

    internal SenderInfo MakeSenderReport(in SenderClock clock, uint timestampOffset, RtpTimestamp last, Instant lastSentAt, Instant now)
    {
        NtpTime ntp;
        RtpTimestamp timestamp;
        if (clock.IsKnown)
        {
            var elapsed = now - clock.ReportArrival;
            ntp = clock.Ntp + elapsed;
            timestamp = clock.Timestamp + timestampOffset + Ticks(elapsed);
        }
        else
        {
            // Until the publisher reports, the node's own clock stands in.
            ntp = NtpTime.FromInstant(now);
            timestamp = last + Ticks(now - lastSentAt);
        }

        _sent[_next] = (ntp.Middle, now);
        _next = (_next + 1) % Remembered;
        return new SenderInfo(ssrc, ntp, timestamp, _packets, _octets);
    }

    private long Ticks(TimeSpan span) => span.Ticks * ClockRate / TimeSpan.TicksPerSecond;
}
