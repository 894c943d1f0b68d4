using System.Globalization;

namespace BuildIt.Sfu.Media.Sdp;

/// <summary>Collects the lines of one description.</summary>
internal sealed class SdpSessionReader(SdpLimits limits)
{
    private const int MaxBundleGroups = 16;

    private readonly List<SdpMedia> _media = [];
    private readonly List<IReadOnlyList<string>> _bundleGroups = [];
    private readonly HashSet<string> _mids = new(StringComparer.Ordinal);
    private readonly SdpTransportReader _transport = new(limits);
    private SdpMediaReader? _current;
    private SdpSession _session = new();
    private MediaDirection _direction = MediaDirection.SendRecv;
    private bool _versionSeen;

    public SdpError Read(ReadOnlySpan<char> line, int number)
    {
        // Parts of the text are repeated in our descriptions, so nothing that could end a line may pass.
        if (line.Length < 2 || line[1] != '=' || line.IndexOfAnyInRange('\0', '\x08') >= 0 || line.IndexOfAnyInRange('\x0A', '\x1F') >= 0)
        {
            return new SdpError(SdpErrorKind.MalformedLine, number);
        }

        var value = line[2..];
        if (!_versionSeen)
        {
            // RFC 8866 section 5.1: the version comes first, and there is only version 0.
            _versionSeen = line[0] == 'v' && value.SequenceEqual("0");
            return _versionSeen ? default : new SdpError(SdpErrorKind.MissingVersion, number);
        }

        return line[0] switch
        {
            'o' => ReadOrigin(value, number),
            'm' => ReadMedia(value, number),
            'a' => ReadAttribute(value, number),
            _ => default,
        };
    }

    public bool TryFinish(int lines, out SdpSession session, out SdpError error)
    {
        session = _session;
        error = _versionSeen ? FinishSection(lines) : new SdpError(SdpErrorKind.Empty, 0);
        if (error.Kind != SdpErrorKind.None)
        {
            return false;
        }

        session = _session with { Media = _media, BundleGroups = _bundleGroups, Transport = _transport.ToTransport() };
        return true;
    }

    private SdpError ReadOrigin(ReadOnlySpan<char> value, int number)
    {
        SdpText.NextToken(ref value);
        if (!ulong.TryParse(SdpText.NextToken(ref value), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            || !ulong.TryParse(SdpText.NextToken(ref value), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return new SdpError(SdpErrorKind.MalformedOrigin, number);
        }

        _session = _session with { SessionId = id, SessionVersion = version };
        return default;
    }

    private SdpError ReadMedia(ReadOnlySpan<char> value, int number)
    {
        var error = FinishSection(number);
        if (error.Kind != SdpErrorKind.None)
        {
            return error;
        }

        if (_media.Count == limits.MaxSections)
        {
            return new SdpError(SdpErrorKind.TooManySections, number);
        }

        return SdpMediaReader.TryStart(value, limits, _direction, out _current)
            ? default
            : new SdpError(SdpErrorKind.MalformedMediaLine, number);
    }

    private SdpError FinishSection(int number)
    {
        if (_current is null)
        {
            return default;
        }

        var media = _current.ToMedia();
        _current = null;
        if (media.Mid.Length > 0 && !_mids.Add(media.Mid))
        {
            return new SdpError(SdpErrorKind.DuplicateMid, number);
        }

        _media.Add(media);
        return default;
    }

    private SdpError ReadAttribute(ReadOnlySpan<char> text, int number)
    {
        var colon = text.IndexOf(':');
        var name = colon < 0 ? text : text[..colon];
        var value = colon < 0 ? default : text[(colon + 1)..].TrimStart(' ');
        var kind = _current is null ? ReadSessionAttribute(name, value) : _current.ReadAttribute(name, value);
        return kind == SdpErrorKind.None ? default : new SdpError(kind, number, name.Length > 40 ? "" : name.ToString());
    }

    private SdpErrorKind ReadSessionAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        if (_transport.TryRead(name, value, out var error))
        {
            return error;
        }

        if (SdpText.TryDirection(name, out var direction))
        {
            // RFC 8866 section 6.7: a default for every section.
            _direction = direction;
            return SdpErrorKind.None;
        }

        switch (name)
        {
            case "group":
                return ReadGroup(value);
            case "ice-lite":
                _session = _session with { IceLite = true };
                break;
            case "extmap-allow-mixed":
                _session = _session with { ExtmapAllowMixed = true };
                break;
            case "msid-semantic":
                _session = _session with { MsidSemantic = value.ToString() };
                break;
        }

        return SdpErrorKind.None;
    }

    private SdpErrorKind ReadGroup(ReadOnlySpan<char> value)
    {
        if (!SdpText.NextToken(ref value).SequenceEqual("BUNDLE"))
        {
            return SdpErrorKind.None;
        }

        if (_bundleGroups.Count == MaxBundleGroups)
        {
            return SdpErrorKind.TooManyAttributes;
        }

        var mids = new List<string>();
        while (SdpText.NextToken(ref value) is { IsEmpty: false } mid)
        {
            if (mids.Count == limits.MaxSections || mid.Length > limits.MaxMidLength)
            {
                return SdpErrorKind.MalformedAttribute;
            }

            mids.Add(mid.ToString());
        }

        _bundleGroups.Add(mids);
        return SdpErrorKind.None;
    }
}
