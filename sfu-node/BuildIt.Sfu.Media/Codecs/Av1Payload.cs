namespace BuildIt.Sfu.Media.Codecs;

/// <summary>The AV1 aggregation header (AV1 RTP specification, section 4.4), used where no dependency descriptor was negotiated.</summary>
public static class Av1Payload
{
    /// <summary>Reads the header. False when there is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, bool marker, out PayloadFacts facts)
    {
        facts = default;
        if (payload.IsEmpty)
            return false;

        var continues = (payload[0] & 0x80) != 0;
        var startsSequence = (payload[0] & 0x08) != 0;
        // Section 4.4: a packet that starts a coded video sequence cannot continue an earlier unit.
        if (continues && startsSequence)
            return false;
        facts.Flags = (marker ? PayloadFlags.FrameEnd : 0)
            | (startsSequence ? PayloadFlags.KeyFrame | PayloadFlags.FrameStart : 0);
        return true;
    }
}
