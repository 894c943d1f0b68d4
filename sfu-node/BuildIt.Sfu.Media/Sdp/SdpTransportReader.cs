namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Collects ICE and DTLS attributes, which may stand at session or at section level.</summary>
internal sealed class SdpTransportReader(SdpLimits limits)
{
    private const int MaxIceOptions = 16;

    private readonly List<SdpFingerprint> _fingerprints = [];
    private readonly List<string> _iceOptions = [];
    private string? _ufrag;
    private string? _password;
    private DtlsSetup _setup;

    /// <summary>False when the attribute is none of these.</summary>
    public bool TryRead(ReadOnlySpan<char> name, ReadOnlySpan<char> value, out SdpErrorKind error)
    {
        error = SdpErrorKind.None;
        switch (name)
        {
            // RFC 8839 section 5.4: ufrag 4*256ice-char, pwd 22*256ice-char.
            case "ice-ufrag":
                error = IsIceChars(value, 4) ? SdpErrorKind.None : SdpErrorKind.MalformedAttribute;
                _ufrag = value.ToString();
                return true;
            case "ice-pwd":
                error = IsIceChars(value, 22) ? SdpErrorKind.None : SdpErrorKind.MalformedAttribute;
                _password = value.ToString();
                return true;
            case "ice-options":
                while (SdpText.NextToken(ref value) is { IsEmpty: false } option)
                {
                    if (_iceOptions.Count == MaxIceOptions)
                    {
                        error = SdpErrorKind.TooManyAttributes;
                        return true;
                    }

                    _iceOptions.Add(option.ToString());
                }

                return true;
            case "fingerprint":
                error = ReadFingerprint(value);
                return true;
            case "setup":
                error = TrySetup(value, out _setup) ? SdpErrorKind.None : SdpErrorKind.MalformedAttribute;
                return true;
            default:
                return false;
        }
    }

    public SdpTransport ToTransport() => new()
    {
        IceUfrag = _ufrag,
        IcePassword = _password,
        IceOptions = _iceOptions,
        Fingerprints = _fingerprints,
        Setup = _setup,
    };

    private static bool TrySetup(ReadOnlySpan<char> value, out DtlsSetup setup)
    {
        setup = value switch
        {
            "actpass" => DtlsSetup.ActPass,
            "active" => DtlsSetup.Active,
            "passive" => DtlsSetup.Passive,
            "holdconn" => DtlsSetup.HoldConnection,
            _ => DtlsSetup.Unspecified,
        };
        return setup != DtlsSetup.Unspecified;
    }

    private static bool IsIceChars(ReadOnlySpan<char> value, int atLeast)
    {
        if (value.Length < atLeast || value.Length > 256)
        {
            return false;
        }

        foreach (var character in value)
        {
            // "-" and "_" are outside ice-char, but clients with base64url credentials exist.
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('+' or '/' or '-' or '_' or '='))
            {
                return false;
            }
        }

        return true;
    }

    private SdpErrorKind ReadFingerprint(ReadOnlySpan<char> value)
    {
        if (_fingerprints.Count == limits.MaxFingerprints)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        var algorithm = SdpText.NextToken(ref value);
        var hash = SdpText.NextToken(ref value);
        if (algorithm.IsEmpty || algorithm.Length > 16 || hash.IsEmpty)
        {
            return SdpErrorKind.MalformedAttribute;
        }

        var fingerprint = new SdpFingerprint(algorithm.ToString().ToLowerInvariant(), hash.ToString().ToUpperInvariant());
        Span<byte> bytes = stackalloc byte[64];
        if (!fingerprint.TryGetBytes(bytes, out _))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        _fingerprints.Add(fingerprint);
        return SdpErrorKind.None;
    }
}
