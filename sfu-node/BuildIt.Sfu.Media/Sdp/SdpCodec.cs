using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>One payload type with its rtpmap, fmtp and rtcp-fb lines (RFC 8866 section 6.6, RFC 4585 section 4.2).</summary>
public sealed record SdpCodec
{
    public required byte PayloadType { get; init; }

    /// <summary>Encoding name as written ("VP8", "opus"); compare without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>Hertz.</summary>
    public required int ClockRate { get; init; }

    /// <summary>Audio channels; 1 when the line says none.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Format parameters as written, "minptime=10;useinbandfec=1"; empty when absent.</summary>
    public string Parameters { get; init; } = "";

    /// <summary>Feedback messages, "nack pli".</summary>
    public IReadOnlyList<string> Feedback { get; init; } = [];

    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Value of a format parameter; null when absent. A parameter without value is "".</summary>
    public string? Parameter(string name)
    {
        foreach (var range in Parameters.AsSpan().Split(';'))
        {
            var pair = Parameters.AsSpan()[range].Trim();
            var equals = pair.IndexOf('=');
            var key = equals < 0 ? pair : pair[..equals].TrimEnd();
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return equals < 0 ? "" : pair[(equals + 1)..].Trim().ToString();
            }
        }

        return null;
    }

    /// <summary>The payload type that an RTX codec repairs (RFC 4588 section 8.1); null when this is none.</summary>
    public byte? AssociatedPayloadType =>
        Is("rtx") && byte.TryParse(Parameter("apt"), NumberStyles.None, CultureInfo.InvariantCulture, out var associated) && associated < 128
            ? associated
            : null;
}
