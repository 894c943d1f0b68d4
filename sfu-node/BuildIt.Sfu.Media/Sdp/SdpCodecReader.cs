using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Collects rtpmap, fmtp and rtcp-fb lines, which may come in any order.</summary>
internal sealed class SdpCodecReader(SdpLimits limits)
{
    private readonly Dictionary<byte, (string Name, int ClockRate, int Channels)> _maps = [];
    private readonly Dictionary<byte, string> _parameters = [];
    private readonly Dictionary<byte, List<string>> _feedback = [];
    private readonly List<string> _commonFeedback = [];

    /// <summary>False when the attribute is none of these.</summary>
    public bool TryRead(ReadOnlySpan<char> name, ReadOnlySpan<char> value, out SdpErrorKind error)
    {
        switch (name)
        {
            case "rtpmap":
                error = ReadMap(value);
                return true;
            case "fmtp":
                error = ReadParameters(value);
                return true;
            case "rtcp-fb":
                error = ReadFeedback(value);
                return true;
            default:
                error = SdpErrorKind.None;
                return false;
        }
    }

    public IReadOnlyList<SdpCodec> ToCodecs(IReadOnlyList<string> formats)
    {
        var codecs = new List<SdpCodec>(formats.Count);
        foreach (var format in formats)
        {
            if (!SdpText.TryPayloadType(format, out var payloadType)
                || codecs.Exists(codec => codec.PayloadType == payloadType)
                || !(_maps.TryGetValue(payloadType, out var map) || TryStatic(payloadType, out map)))
            {
                continue;
            }

            codecs.Add(new SdpCodec
            {
                PayloadType = payloadType,
                Name = map.Name,
                ClockRate = map.ClockRate,
                Channels = map.Channels,
                Parameters = _parameters.GetValueOrDefault(payloadType, ""),
                Feedback = _feedback.TryGetValue(payloadType, out var own) ? [.. own, .. _commonFeedback] : [.. _commonFeedback],
            });
        }

        return codecs;
    }

    // RFC 3551 section 6: these need no rtpmap.
    private static bool TryStatic(byte payloadType, out (string Name, int ClockRate, int Channels) map)
    {
        map = payloadType switch
        {
            0 => ("PCMU", 8000, 1),
            8 => ("PCMA", 8000, 1),
            9 => ("G722", 8000, 1),
            _ => ("", 0, 0),
        };
        return map.ClockRate > 0;
    }

    private SdpErrorKind ReadMap(ReadOnlySpan<char> value)
    {
        if (!SdpText.TryPayloadType(SdpText.NextToken(ref value), out var payloadType))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        var encoding = SdpText.NextToken(ref value);
        Span<Range> parts = stackalloc Range[4];
        var count = encoding.Split(parts, '/');
        var channels = 1;
        if (count is < 2 or > 3
            || !SdpText.IsToken(encoding[parts[0]])
            || !int.TryParse(encoding[parts[1]], NumberStyles.None, CultureInfo.InvariantCulture, out var clockRate)
            || clockRate <= 0
            || (count == 3 && (!int.TryParse(encoding[parts[2]], NumberStyles.None, CultureInfo.InvariantCulture, out channels) || channels <= 0)))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        return _maps.TryAdd(payloadType, (encoding[parts[0]].ToString(), clockRate, channels))
            ? SdpErrorKind.None
            : SdpErrorKind.DuplicatePayloadType;
    }

    private SdpErrorKind ReadParameters(ReadOnlySpan<char> value)
    {
        if (!SdpText.TryPayloadType(SdpText.NextToken(ref value), out var payloadType))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        _parameters[payloadType] = value.ToString();
        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadFeedback(ReadOnlySpan<char> value)
    {
        var target = SdpText.NextToken(ref value);
        List<string>? list;
        if (target is "*")
        {
            list = _commonFeedback;
        }
        else if (!SdpText.TryPayloadType(target, out var payloadType))
        {
            return SdpErrorKind.MalformedAttribute;
        }
        else if (!_feedback.TryGetValue(payloadType, out list))
        {
            _feedback[payloadType] = list = [];
        }

        if (list.Count == limits.MaxFeedbackPerCodec)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        list.Add(value.ToString());
        return SdpErrorKind.None;
    }
}
