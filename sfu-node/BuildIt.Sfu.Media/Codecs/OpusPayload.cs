namespace BuildIt.Sfu.Media.Codecs;

/// <summary>Opus payloads (RFC 7587), of which only the size is read.</summary>
public static class OpusPayload
{
    /// <summary>
    /// True for a frame of discontinuous transmission: at most two bytes (RFC 7587 section 3.1.3).
    /// An encrypted frame is never that short and reads as false.
    /// </summary>
    public static bool IsDiscontinuous(ReadOnlySpan<byte> payload) => payload.Length <= 2;
}
