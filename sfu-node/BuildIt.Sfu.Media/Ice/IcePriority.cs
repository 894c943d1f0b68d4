namespace BuildIt.Sfu.Media.Ice;

/// <summary>Priorities of candidates and pairs (RFC 8445 section 5.1.2 and 6.1.2.3, RFC 6544 section 4.2).</summary>
public static class IcePriority
{
    private const int Component = 1;

    public static uint Compute(IceCandidateType type, IceTcpType tcpType, ushort localPreference)
    {
        // RFC 6544 section 4.2: TCP's type preference is below UDP's of the same type, and the top 3 bits of its local
        // preference are the direction preference.
        var tcp = tcpType != IceTcpType.None;
        uint typePreference = type switch
        {
            IceCandidateType.Host => tcp ? 90u : 126u,
            IceCandidateType.PeerReflexive => tcp ? 80u : 110u,
            IceCandidateType.ServerReflexive => tcp ? 70u : 100u,
            _ => 0u,
        };
        uint directionPreference = tcpType switch
        {
            IceTcpType.Active => 6,
            IceTcpType.Passive => 4,
            IceTcpType.SimultaneousOpen => 2,
            _ => 0,
        };
        var preference = tcp ? (directionPreference << 13) | (localPreference & 0x1FFFu) : localPreference;
        return (typePreference << 24) | (preference << 8) | (256 - Component);
    }
}
