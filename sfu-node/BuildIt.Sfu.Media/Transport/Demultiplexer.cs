namespace BuildIt.Sfu.Media.Transport;

/// <summary>What a datagram of a peer connection carries.</summary>
public enum DatagramKind : byte
{
    Unknown,
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

/// <summary>Tells the protocols on one port apart by their first bytes (RFC 7983 section 7, RFC 5761 section 4).</summary>
public static class Demultiplexer
{
    private const int MinRtpLength = 12;
    private const int MinRtcpLength = 8;

    public static DatagramKind Classify(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length < 2)
        {
            return DatagramKind.Unknown;
        }

        return datagram[0] switch
        {
            < 4 => DatagramKind.Stun,
            >= 20 and <= 63 => DatagramKind.Dtls,

            // RFC 5761 section 4: the second byte of RTCP is 192 to 223, which as RTP would be a marker and payload types 64 to 95.
            >= 128 and <= 191 when datagram[1] is >= 192 and <= 223 =>
                datagram.Length >= MinRtcpLength ? DatagramKind.Rtcp : DatagramKind.Unknown,
            >= 128 and <= 191 => datagram.Length >= MinRtpLength ? DatagramKind.Rtp : DatagramKind.Unknown,
            _ => DatagramKind.Unknown,
        };
    }
}
