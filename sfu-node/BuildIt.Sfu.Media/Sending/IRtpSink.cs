using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>Why a packet is sent.</summary>
public enum SentPacketKind : byte
{
    Media,
    Retransmission,

    /// <summary>Sent to measure the link: padding or a repeated packet.</summary>
    Probe,
}

/// <summary>What the transport must know of a packet it is about to protect and send.</summary>
/// <param name="Ssrc">Stream of the packet.</param>
/// <param name="Index">Its place in that stream, of which the sequence number is the lower part.</param>
/// <param name="Kind">Why it is sent.</param>
/// <param name="TransportSequenceOffset">Where to write the 16-bit transport-wide sequence number; 0 when not negotiated.</param>
/// <param name="AbsoluteSendTimeOffset">Where to write the 24-bit absolute send time; 0 when not negotiated.</param>
public readonly record struct SentPacketInfo(
    Ssrc Ssrc, PacketIndex Index, SentPacketKind Kind, int TransportSequenceOffset, int AbsoluteSendTimeOffset);

/// <summary>
/// Where outgoing RTP packets are written: the subscriber's transport, which fills in the transport-wide sequence number and send time,
/// encrypts in place and sends.
/// </summary>
public interface IRtpSink
{
    /// <summary>Room for a packet of at most <paramref name="capacity"/> bytes; empty when the transport is not ready. Discards an earlier reservation.</summary>
    Span<byte> Reserve(int capacity);

    /// <summary>
    /// Length of the last packet that waits to be sent: another of that length can leave in one message with it. 0 when none waits,
    /// negative where every packet is a message of its own.
    /// </summary>
    int LastWaiting => -1;

    /// <summary>Sends the first <paramref name="length"/> bytes of <paramref name="reservation"/>, which came from <see cref="Reserve"/>.</summary>
    /// <returns>Length of the packet as it was sent, encrypted in place; 0 when it was not.</returns>
    int Commit(Span<byte> reservation, int length, in SentPacketInfo info);

    /// <summary>Sends a packet again exactly as <see cref="Commit"/> left it; returns its length, 0 when it was not sent.</summary>
    int Resend(ReadOnlySpan<byte> sent);
}
