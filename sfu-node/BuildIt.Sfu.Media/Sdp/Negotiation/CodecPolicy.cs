using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Which codecs the node forwards, and how it writes them. Immutable.</summary>
public sealed class CodecPolicy
{
    public const string Opus = "opus";
    public const string Red = "red";
    public const string Rtx = "rtx";

    /// <summary>Opus parameters of every description the node writes.</summary>
    public const string OpusParameters = "minptime=10;useinbandfec=1";

    private static readonly string[] VideoFeedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];

    private static readonly SdpCodec[] Offered =
    [
        Audio(111, Opus, 48000, 2, OpusParameters),
        Audio(63, Red, 48000, 2, "111/111"),
        Audio(0, "PCMU", 8000, 1, ""),
        Audio(8, "PCMA", 8000, 1, ""),
        Video(96, "VP8", ""),
        Video(98, "VP9", "profile-id=0"),
        Video(100, "VP9", "profile-id=2"),
        Video(35, "AV1", ""),
        Video(125, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        Video(102, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"),
        Video(39, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"),
        Video(123, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"),
    ];

    private readonly HashSet<string> _disabled;

    /// <param name="disabled">Codec names in any case ("av1") that are neither offered nor accepted.</param>
    public CodecPolicy(IEnumerable<string>? disabled = null) =>
        _disabled = new HashSet<string>(disabled ?? [], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the node forwards this codec in this form. RTX and RED are judged together with what they carry.</summary>
    public bool Accepts(MediaKind kind, SdpCodec codec)
    {
        ArgumentNullException.ThrowIfNull(codec);
        if (_disabled.Contains(codec.Name))
        {
            return false;
        }

        return (kind, codec.Name.ToUpperInvariant()) switch
        {
            (MediaKind.Audio, "OPUS") => codec is { ClockRate: 48000, Channels: 2 },
            (MediaKind.Audio, "RED") => codec.ClockRate == 48000,
            (MediaKind.Audio, "PCMU" or "PCMA") => codec is { ClockRate: 8000, Channels: 1 },
            (MediaKind.Video, "VP8") => codec.ClockRate == 90000,
            (MediaKind.Video, "VP9") => codec.Parameter("profile-id") is null or "0" or "2",
            (MediaKind.Video, "AV1") => codec.Parameter("profile") is null or "0",
            (MediaKind.Video, "H264") => codec.Parameter("packetization-mode") == "1" && HasCommonProfile(codec),
            (MediaKind.Video, "RTX") => true,
            _ => false,
        };
    }

    /// <summary>Our own codecs for one kind, RTX included at the next payload type, in order of preference.</summary>
    internal List<SdpCodec> OfferFor(SendTrack track)
    {
        var codecs = new List<SdpCodec>();
        foreach (var codec in Ordered(Offered, track.PreferredCodecs))
        {
            if ((codec.ClockRate == 90000) != (track.Kind == MediaKind.Video)
                || _disabled.Contains(codec.Name)
                || (codec.Is(Red) && !track.AllowRed))
            {
                continue;
            }

            codecs.Add(codec.Is(Opus) && track.Stereo ? codec with { Parameters = codec.Parameters + ";sprop-stereo=1" } : codec);
            if (track.Kind == MediaKind.Video)
            {
                codecs.Add(RtxFor(codec));
            }
        }

        return codecs;
    }

    internal static IEnumerable<SdpCodec> Ordered(IEnumerable<SdpCodec> codecs, IReadOnlyList<string> preferred) =>
        preferred.Count == 0 ? codecs : codecs.OrderBy(codec => Rank(codec.Name, preferred));

    internal static bool IsFeedbackKnown(string feedback) =>
        feedback is "nack" or "nack pli" or "ccm fir" or "goog-remb" or "transport-cc";

    private static int Rank(string name, IReadOnlyList<string> preferred)
    {
        for (var i = 0; i < preferred.Count; i++)
        {
            if (preferred[i].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return preferred.Count;
    }

    // RFC 6184 section 8.1: the first byte of profile-level-id is the profile; 42, 4d and 64 are what browsers decode.
    private static bool HasCommonProfile(SdpCodec codec)
    {
        var profile = codec.Parameter("profile-level-id") ?? "42e01f";
        return profile.Length == 6
            && byte.TryParse(profile.AsSpan(0, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var idc)
            && idc is 0x42 or 0x4d or 0x64;
    }

    private static SdpCodec RtxFor(SdpCodec codec) => new()
    {
        PayloadType = (byte)(codec.PayloadType + 1),
        Name = Rtx,
        ClockRate = codec.ClockRate,
        Parameters = string.Create(CultureInfo.InvariantCulture, $"apt={codec.PayloadType}"),
    };

    private static SdpCodec Audio(byte payloadType, string name, int clockRate, int channels, string parameters) => new()
    {
        PayloadType = payloadType,
        Name = name,
        ClockRate = clockRate,
        Channels = channels,
        Parameters = parameters,
        Feedback = name is Opus ? ["transport-cc", "nack"] : name is Red ? ["transport-cc"] : [],
    };

    private static SdpCodec Video(byte payloadType, string name, string parameters) => new()
    {
        PayloadType = payloadType,
        Name = name,
        ClockRate = 90000,
        Parameters = parameters,
        Feedback = VideoFeedback,
    };
}
