using System.Buffers;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>A message on its way out. Kept until no outstanding chunk refers to it, then used again.</summary>
internal sealed class SendMessage
{
    /// <summary>Charged for each message besides its bytes, so that many empty ones are bounded too.</summary>
    public const int Overhead = 128;

    public byte[] Buffer { get; private set; } = [];

    public int Length { get; private set; }

    public OutgoingStream Stream { get; private set; } = null!;

    public uint Ppid { get; private set; }

    public bool Unordered { get; private set; }

    public Instant Expires { get; private set; }

    public int MaxRetransmits { get; private set; }

    /// <summary>Bytes that have got a TSN.</summary>
    public int Sent { get; set; }

    /// <summary>Stream sequence number, given with the first fragment.</summary>
    public ushort Ssn { get; set; }

    /// <summary>Chunks that still stand in the list of outstanding ones.</summary>
    public int Outstanding { get; set; }

    public bool Abandoned { get; set; }

    public int Charge => Length + Overhead;

    public bool IsFullySent => Sent == Length;

    public void Take(OutgoingStream stream, uint ppid, ReadOnlySpan<byte> data, in SctpDelivery delivery)
    {
        Buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(Buffer);
        Length = data.Length;
        Stream = stream;
        Ppid = ppid;
        Unordered = delivery.Unordered;
        Expires = delivery.Expires;
        MaxRetransmits = delivery.MaxRetransmits;
        Sent = 0;
        Outstanding = 0;
        Abandoned = false;
    }

    public void Release()
    {
        ArrayPool<byte>.Shared.Return(Buffer);
        Buffer = [];
        Stream = null!;
    }
}

/// <summary>How a message is delivered (RFC 3758).</summary>
public readonly record struct SctpDelivery
{
    public SctpDelivery()
    {
    }

    /// <summary>In order, retransmitted until it arrives.</summary>
    public static SctpDelivery Reliable => new();

    public bool Unordered { get; init; }

    /// <summary>Retransmissions after which the message is given up.</summary>
    public int MaxRetransmits { get; init; } = int.MaxValue;

    /// <summary>When the message is given up.</summary>
    public Instant Expires { get; init; } = Instant.Never;
}

/// <summary>The sending half of one stream.</summary>
internal sealed class OutgoingStream(ushort id)
{
    public ushort Id { get; } = id;

    /// <summary>Messages not wholly sent; the first may be in part.</summary>
    public Queue<SendMessage> Waiting { get; } = new();

    public ushort NextSsn { get; set; }

    /// <summary>Bytes in <see cref="Waiting"/> that have not been sent.</summary>
    public int BufferedAmount { get; set; }

    /// <summary>A reset was asked for: what waits is sent, nothing new is taken.</summary>
    public bool Resetting { get; set; }

    /// <summary>Stands in the round of streams with something to send.</summary>
    public bool Scheduled { get; set; }
}
