namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>
/// The transform of one direction under one profile. Lengths have been checked by <see cref="SrtpSession"/>.
/// </summary>
internal interface ISrtpCipher : IDisposable
{
    int RtpOverhead { get; }

    int RtcpOverhead { get; }

    /// <param name="packet">Header, payload, and room for the tag.</param>
    /// <param name="headerLength">Bytes that stay in clear text.</param>
    /// <param name="index">48 bits: rollover counter and sequence number.</param>
    bool ProtectRtp(Span<byte> packet, int headerLength, ulong index);

    /// <param name="packet">Header, encrypted payload and tag.</param>
    /// <param name="headerLength">Bytes that are in clear text.</param>
    /// <param name="index">48 bits: rollover counter and sequence number.</param>
    bool UnprotectRtp(Span<byte> packet, int headerLength, ulong index);

    /// <param name="packet">The compound packet, and room for index and tag.</param>
    /// <param name="index">31 bits.</param>
    bool ProtectRtcp(Span<byte> packet, uint index);

    /// <summary>The index field, whose top bit says that the packet is encrypted.</summary>
    uint ReadRtcpIndex(ReadOnlySpan<byte> packet);

    bool UnprotectRtcp(Span<byte> packet);
}
