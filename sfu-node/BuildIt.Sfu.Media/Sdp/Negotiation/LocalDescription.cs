namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>The node's side of a connection, repeated in each description of it.</summary>
public sealed record LocalDescription
{
    public const int SctpPort = 5000;

    /// <summary>Largest data message the node takes, in bytes.</summary>
    public const int MaxMessageSize = 65535;

    /// <summary>sess-id of the o-line; the same for the life of the connection, below 2^63.</summary>
    public required ulong SessionId { get; init; }

    public required string IceUfrag { get; init; }

    public required string IcePassword { get; init; }

    public required SdpFingerprint Fingerprint { get; init; }

    public bool IceLite { get; init; }

    /// <summary>Candidate attributes to write into the description; empty when all are trickled.</summary>
    public IReadOnlyList<string> Candidates { get; init; } = [];

    internal SdpTransport TransportWith(DtlsSetup setup) => new()
    {
        IceUfrag = IceUfrag,
        IcePassword = IcePassword,
        IceOptions = ["trickle"],
        Fingerprints = [Fingerprint],
        Setup = setup,
    };

    /// <summary>Does not print credentials.</summary>
    public override string ToString() => "local-description(hidden)";
}
