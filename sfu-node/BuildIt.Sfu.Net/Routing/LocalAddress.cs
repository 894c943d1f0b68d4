namespace BuildIt.Sfu.Net.Routing;

/// <summary>
/// The host's own address that a datagram came to (IPv6 or IPv4-mapped, in network byte order); default when unknown.
/// A host with several must answer from that one, or the peer's ICE agent drops the answer (RFC 8445 section 7.2.5.2.1).
/// </summary>
internal readonly record struct LocalAddress(ulong High, ulong Low)
{
    public bool IsKnown => (High | Low) != 0;

    public override string ToString() => "local(hidden)";
}
