namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Serial number arithmetic (RFC 1982) as RFC 9260 section 1.6 uses it.</summary>
internal static class Serial
{
    public static bool Less(uint a, uint b) => (int)(a - b) < 0;

    public static bool LessOrEqual(uint a, uint b) => (int)(a - b) <= 0;

    public static bool LessOrEqual(ushort a, ushort b) => (short)(a - b) <= 0;
}
