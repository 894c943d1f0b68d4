namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Bounds on a description, so that no client makes the node hold more than a known amount.</summary>
public sealed record SdpLimits
{
    public static readonly SdpLimits Default = new();

    /// <summary>Characters in the whole description. A client with 200 subscriptions writes about 900,000.</summary>
    public int MaxLength { get; init; } = 1024 * 1024;

    public int MaxLineLength { get; init; } = 4096;

    public int MaxSections { get; init; } = 512;

    public int MaxFormats { get; init; } = 128;

    public int MaxExtensions { get; init; } = 64;

    public int MaxFeedbackPerCodec { get; init; } = 16;

    public int MaxRids { get; init; } = 16;

    public int MaxSources { get; init; } = 64;

    public int MaxCandidates { get; init; } = 64;

    public int MaxFingerprints { get; init; } = 8;

    public int MaxMidLength { get; init; } = 64;
}

/// <summary>What is wrong with a description.</summary>
public enum SdpErrorKind : byte
{
    None,
    TooLong,
    LineTooLong,
    Empty,
    MissingVersion,
    MalformedLine,
    MalformedOrigin,
    MalformedMediaLine,
    MalformedAttribute,
    TooManySections,
    TooManyAttributes,
    DuplicateMid,
    DuplicatePayloadType,
}

/// <summary>An error and where it stands.</summary>
/// <param name="Kind">What is wrong; <see cref="SdpErrorKind.None"/> when nothing.</param>
/// <param name="Line">Number of the line, from 1; 0 when the whole text is meant.</param>
/// <param name="Attribute">Name of the attribute, never its value; empty when none is meant.</param>
public readonly record struct SdpError(SdpErrorKind Kind, int Line, string Attribute = "")
{
    public override string ToString() =>
        Kind == SdpErrorKind.None ? "none" : Attribute.Length == 0 ? $"line {Line}: {Kind}" : $"line {Line}: {Kind} ({Attribute})";
}
