using BuildIt.Sfu.Fuzz.Engine;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>All targets, in the order in which "all" runs them.</summary>
public static class FuzzTargets
{
    private static readonly Dictionary<string, Func<IFuzzTarget>> Makers = new(StringComparer.Ordinal)
    {
        ["stun"] = () => new StunTarget(),
        ["dtls"] = () => new DtlsTarget(),
        ["rtp"] = () => new RtpTarget(),
        ["rtcp"] = () => new RtcpTarget(),
        ["srtp"] = () => new SrtpTarget(),
        ["sctp"] = () => new SctpTarget(),
        ["datachannel"] = () => new DataChannelTarget(),
        ["sdp"] = () => new SdpTarget(),
        ["negotiation"] = () => new NegotiationTarget(),
        ["signal"] = () => new SignalTarget(),
        ["relay"] = () => new RelayTarget(),
        ["jwt"] = () => new JwtTarget(),
        ["join-request"] = () => new JoinRequestTarget(),
        ["query"] = () => new QueryTarget(),
        ["nostr"] = () => new NostrTarget(),
        ["contracts"] = () => new ContractsTarget(),
    };

    public static IEnumerable<string> Names => Makers.Keys;

    public static IFuzzTarget Create(string name) => Makers[name]();
}
