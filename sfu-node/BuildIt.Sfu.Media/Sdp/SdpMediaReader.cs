using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Collects the lines of one media section.</summary>
internal sealed class SdpMediaReader
{
    private readonly SdpLimits _limits;
    private readonly SdpTransportReader _transport;
    private readonly SdpCodecReader _codecs;
    private readonly List<SdpExtension> _extensions = [];
    private readonly List<SdpRid> _rids = [];
    private readonly List<SdpSource> _sources = [];
    private readonly List<SdpSourceGroup> _sourceGroups = [];
    private readonly List<SdpMsid> _msids = [];
    private readonly List<string> _candidates = [];
    private SdpMedia _media;

    private SdpMediaReader(SdpMedia media, SdpLimits limits)
    {
        _media = media;
        _limits = limits;
        _transport = new SdpTransportReader(limits);
        _codecs = new SdpCodecReader(limits);
    }

    /// <summary>Reads an m-line (RFC 8866 section 5.14).</summary>
    public static bool TryStart(ReadOnlySpan<char> line, SdpLimits limits, MediaDirection direction, out SdpMediaReader? reader)
    {
        reader = null;
        var kindName = SdpText.NextToken(ref line);
        var port = SdpText.NextToken(ref line);
        var protocol = SdpText.NextToken(ref line);
        if (port.IndexOf('/') is var slash and >= 0)
        {
            port = port[..slash];
        }

        if (!SdpText.IsToken(kindName)
            || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var portNumber)
            || protocol.IsEmpty
            || protocol.Length > 64)
        {
            return false;
        }

        var formats = new List<string>();
        while (SdpText.NextToken(ref line) is { IsEmpty: false } format)
        {
            if (formats.Count == limits.MaxFormats)
            {
                return false;
            }

            formats.Add(format.ToString());
        }

        var kind = kindName switch
        {
            "audio" => MediaKind.Audio,
            "video" => MediaKind.Video,
            "application" => MediaKind.Application,
            _ => MediaKind.Other,
        };
        var media = new SdpMedia
        {
            Kind = kind,
            KindName = kindName.ToString(),
            Port = portNumber,
            Protocol = protocol.ToString(),
            Formats = formats,
            Direction = direction,
        };
        reader = new SdpMediaReader(media, limits);
        return formats.Count > 0;
    }

    public SdpMedia ToMedia() => _media with
    {
        Transport = _transport.ToTransport(),
        Codecs = _media.Kind is MediaKind.Audio or MediaKind.Video ? _codecs.ToCodecs(_media.Formats) : [],
        Extensions = _extensions,
        Rids = _rids,
        Sources = _sources,
        SourceGroups = _sourceGroups,
        Msids = _msids,
        Candidates = _candidates,
    };

    public SdpErrorKind ReadAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        if (_transport.TryRead(name, value, out var error) || _codecs.TryRead(name, value, out error))
        {
            return error;
        }

        if (SdpText.TryDirection(name, out var direction))
        {
            _media = _media with { Direction = direction };
            return SdpErrorKind.None;
        }

        return name switch
        {
            "mid" => ReadMid(value),
            "bundle-only" => Set(_media with { BundleOnly = true }),
            "rtcp-mux" => Set(_media with { RtcpMux = true }),
            "rtcp-rsize" => Set(_media with { RtcpReducedSize = true }),
            "end-of-candidates" => Set(_media with { EndOfCandidates = true }),
            "extmap" => ReadExtension(value),
            "rid" => ReadRid(value),
            "simulcast" => ReadSimulcast(value),
            "ssrc" => ReadSource(value),
            "ssrc-group" => ReadSourceGroup(value),
            "msid" => ReadMsid(value),
            "candidate" => ReadCandidate(value),
            "sctp-port" => ReadSctpPort(value),
            "sctpmap" => ReadSctpPort(SdpText.NextToken(ref value)),
            "max-message-size" => ReadMaxMessageSize(value),
            _ => SdpErrorKind.None,
        };
    }

    private SdpErrorKind Set(SdpMedia media)
    {
        _media = media;
        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadMid(ReadOnlySpan<char> value) =>
        value.Length <= _limits.MaxMidLength && SdpText.IsToken(value)
            ? Set(_media with { Mid = value.ToString() })
            : SdpErrorKind.MalformedAttribute;

    private SdpErrorKind ReadExtension(ReadOnlySpan<char> value)
    {
        if (_extensions.Count == _limits.MaxExtensions)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        var number = SdpText.NextToken(ref value);
        var uri = SdpText.NextToken(ref value);
        MediaDirection? direction = null;
        if (number.IndexOf('/') is var slash and >= 0)
        {
            if (!SdpText.TryDirection(number[(slash + 1)..], out var given))
            {
                return SdpErrorKind.MalformedAttribute;
            }

            direction = given;
            number = number[..slash];
        }

        // RFC 8285 section 5: 4096 and above are placeholders in offers with too many extensions; no packet can carry them.
        if (!ushort.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || uri.IsEmpty)
        {
            return SdpErrorKind.MalformedAttribute;
        }

        if (id is >= 1 and <= 255)
        {
            _extensions.Add(new SdpExtension((byte)id, uri.ToString(), direction));
        }

        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadRid(ReadOnlySpan<char> value)
    {
        if (_rids.Count == _limits.MaxRids)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        var id = SdpText.NextToken(ref value);
        var direction = SdpText.NextToken(ref value);
        if (!IsRid(id) || direction is not ("send" or "recv"))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        _rids.Add(new SdpRid(id.ToString(), direction is "send", value.ToString()));
        return SdpErrorKind.None;
    }

    // RFC 8851 section 10: rid-id is letters, digits, "-" and "_".
    private static bool IsRid(ReadOnlySpan<char> id)
    {
        foreach (var character in id)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_'))
            {
                return false;
            }
        }

        return id.Length is > 0 and <= 255;
    }

    private SdpErrorKind ReadSimulcast(ReadOnlySpan<char> value)
    {
        while (SdpText.NextToken(ref value) is { IsEmpty: false } direction)
        {
            var list = SdpText.NextToken(ref value);
            var streams = new List<SdpSimulcastStream>();
            foreach (var range in list.Split(';'))
            {
                var alternatives = new List<SdpSimulcastRid>();
                foreach (var inner in list[range].Split(','))
                {
                    var rid = list[range][inner];
                    var paused = rid.StartsWith('~');
                    rid = paused ? rid[1..] : rid;
                    if (!IsRid(rid) || alternatives.Count == _limits.MaxRids)
                    {
                        // Drafts of RFC 8853 had another grammar; such a client then simply sends one stream.
                        return SdpErrorKind.None;
                    }

                    alternatives.Add(new SdpSimulcastRid(rid.ToString(), paused));
                }

                if (streams.Count == _limits.MaxRids)
                {
                    return SdpErrorKind.TooManyAttributes;
                }

                streams.Add(new SdpSimulcastStream(alternatives));
            }

            switch (direction)
            {
                case "send":
                    _media = _media with { SimulcastSend = streams };
                    break;
                case "recv":
                    _media = _media with { SimulcastReceive = streams };
                    break;
                default:
                    return SdpErrorKind.MalformedAttribute;
            }
        }

        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadSource(ReadOnlySpan<char> value)
    {
        if (!uint.TryParse(SdpText.NextToken(ref value), NumberStyles.None, CultureInfo.InvariantCulture, out var ssrc))
        {
            return SdpErrorKind.MalformedAttribute;
        }

        var index = _sources.FindIndex(source => source.Ssrc == ssrc);
        if (index < 0)
        {
            if (_sources.Count == _limits.MaxSources)
            {
                return SdpErrorKind.TooManyAttributes;
            }

            index = _sources.Count;
            _sources.Add(new SdpSource(ssrc));
        }

        var colon = value.IndexOf(':');
        if (colon < 0)
        {
            return SdpErrorKind.None;
        }

        var detail = value[(colon + 1)..];
        switch (value[..colon])
        {
            case "cname":
                _sources[index] = _sources[index] with { Cname = detail.ToString() };
                break;
            case "msid":
                _sources[index] = _sources[index] with { Msid = ToMsid(detail) };
                break;
        }

        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadSourceGroup(ReadOnlySpan<char> value)
    {
        var semantics = SdpText.NextToken(ref value);
        var ssrcs = new List<uint>();
        while (SdpText.NextToken(ref value) is { IsEmpty: false } word)
        {
            if (ssrcs.Count == _limits.MaxSources || !uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var ssrc))
            {
                return SdpErrorKind.MalformedAttribute;
            }

            ssrcs.Add(ssrc);
        }

        if (_sourceGroups.Count == _limits.MaxSources)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        _sourceGroups.Add(new SdpSourceGroup(semantics.ToString(), ssrcs));
        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadMsid(ReadOnlySpan<char> value)
    {
        if (_msids.Count == _limits.MaxSources)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        _msids.Add(ToMsid(value));
        return SdpErrorKind.None;
    }

    private static SdpMsid ToMsid(ReadOnlySpan<char> value)
    {
        var stream = SdpText.NextToken(ref value).ToString();
        return new SdpMsid(stream, SdpText.NextToken(ref value).ToString());
    }

    private SdpErrorKind ReadCandidate(ReadOnlySpan<char> value)
    {
        // Further candidates are of no use; an offer is not refused for having many interfaces.
        if (_candidates.Count < _limits.MaxCandidates)
        {
            _candidates.Add($"candidate:{value}");
        }

        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadSctpPort(ReadOnlySpan<char> value) =>
        ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? Set(_media with { SctpPort = port })
            : SdpErrorKind.MalformedAttribute;

    private SdpErrorKind ReadMaxMessageSize(ReadOnlySpan<char> value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? Set(_media with { MaxMessageSize = size })
            : SdpErrorKind.MalformedAttribute;
}
