namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// Makes the packets of a picture equally long by a few bytes of padding (RFC 3550 section 5.1). The kernel sends datagrams of one length
/// to one receiver as one message (UDP_SEGMENT, the last may be shorter), for little more than the price of a single one. Encoders split
/// pictures into parts that differ by a byte, and extensions come and go, which would break such runs.
/// </summary>
internal static class EqualLengths
{
    /// <summary>Lengths are multiples of this: more would cost bytes, less would equal fewer.</summary>
    public const int Step = 16;

    /// <summary>1,280 bytes, which every IPv6 path carries, without its headers and the tag of encryption.</summary>
    public const int MaxLength = 1280 - 48 - 16;

    /// <summary>Bytes to add to a packet.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="waiting">Length of the last packet waiting for the same receiver; 0 when none does, negative when messages hold one packet.</param>
    /// <param name="endsPicture">Whether it is the last of its picture, which may be shorter.</param>
    public static int PaddingFor(int length, int waiting, bool endsPicture)
    {
        if (waiting < 0 || endsPicture || length > MaxLength)
            return 0;
        var target = waiting >= length && waiting - length <= Step ? waiting : (length + Step - 1) / Step * Step;
        return target <= MaxLength ? target - length : 0;
    }
}
