namespace BuildIt.Sfu.Contracts;

/// <summary>
/// By what nodes know each other on a link. Both ends of the connection (mutual TLS) over which a link is asked for show a certificate
/// that an authority of <see cref="RelayFiles.Authorities"/> signed: of their own fleet, or of one that a RegionLink joins to it. It bears the DNS name
/// <see cref="Name"/> and, as a URI, its fleet (<see cref="FleetUri"/>), which has to be the one that the route or order says the
/// peer is of: a fleet's node cannot play that of another. Whoever shows anything else is refused, whatever the registry says. Over that
/// connection the two tell each other the fingerprints of the certificates that they show in DTLS, which carries the link.
/// </summary>
/// <remarks>
/// A node that was given no certificates (no <see cref="NodeEnvironment.ControlTlsDirectory"/>: there is no operator) makes its own
/// and believes exactly those whose SHA-256 the route has (<see cref="RoomSeat.RelayFingerprint"/>).
/// </remarks>
public static class RelayIdentity
{
    /// <summary>The DNS name in every node's relay certificate.</summary>
    public const string Name = "relay.sfu.buildit.network";

    /// <summary>The URI in a relay certificate that says whose node shows it.</summary>
    /// <param name="ns">The fleet's namespace.</param>
    /// <param name="cluster">The name of its SfuCluster.</param>
    public static string FleetUri(string ns, string cluster) => $"buildit-fleet:{ns}/{cluster}";
}

/// <summary>Files for links in the directory <see cref="NodeEnvironment.ControlTlsDirectory"/>, PEM. Re-read when they change.</summary>
public static class RelayFiles
{
    public const string Certificate = "relay.crt";
    public const string Key = "relay.key";

    /// <summary>The authorities of the fleet itself and of those linked to it, one after the other.</summary>
    public const string Authorities = "relay-ca.crt";
}
