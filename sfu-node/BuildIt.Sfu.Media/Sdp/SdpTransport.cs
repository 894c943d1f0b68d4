namespace BuildIt.Sfu.Media.Sdp;

/// <summary>ICE and DTLS attributes (RFC 8839 section 5, RFC 8842 section 5). Does not print itself.</summary>
public sealed record SdpTransport
{
    public static readonly SdpTransport Empty = new();

    /// <summary>4 to 256 characters, or null when absent.</summary>
    public string? IceUfrag { get; init; }

    /// <summary>22 to 256 characters, or null when absent.</summary>
    public string? IcePassword { get; init; }

    /// <summary>Tags such as "trickle" (RFC 8840) and "renomination".</summary>
    public IReadOnlyList<string> IceOptions { get; init; } = [];

    /// <summary>Every fingerprint given; the certificate has to match one of them (RFC 8122 section 5).</summary>
    public IReadOnlyList<SdpFingerprint> Fingerprints { get; init; } = [];

    public DtlsSetup Setup { get; init; }

    internal SdpTransport WithDefaults(SdpTransport session) => new()
    {
        IceUfrag = IceUfrag ?? session.IceUfrag,
        IcePassword = IcePassword ?? session.IcePassword,
        IceOptions = IceOptions.Count > 0 ? IceOptions : session.IceOptions,
        Fingerprints = Fingerprints.Count > 0 ? Fingerprints : session.Fingerprints,
        Setup = Setup != DtlsSetup.Unspecified ? Setup : session.Setup,
    };

    public override string ToString() => "transport(hidden)";
}

/// <summary>Hash of a DTLS certificate (RFC 8122 section 5).</summary>
/// <param name="Algorithm">Lower-case name of the hash, "sha-256".</param>
/// <param name="Value">Upper-case bytes in hexadecimal, separated by colons.</param>
public sealed record SdpFingerprint(string Algorithm, string Value)
{
    /// <summary>The hash itself; false when <see cref="Value"/> is no list of bytes or does not fit.</summary>
    public bool TryGetBytes(Span<byte> destination, out int written)
    {
        written = 0;
        var text = Value.AsSpan();
        if ((text.Length + 1) % 3 != 0 || (text.Length + 1) / 3 > destination.Length)
        {
            return false;
        }

        for (var i = 0; i < text.Length; i += 3)
        {
            if ((i + 2 < text.Length && text[i + 2] != ':')
                || !byte.TryParse(text.Slice(i, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out destination[written]))
            {
                written = 0;
                return false;
            }

            written++;
        }

        return true;
    }
}
