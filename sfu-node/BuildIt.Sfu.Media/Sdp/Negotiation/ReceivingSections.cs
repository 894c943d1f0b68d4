namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>
/// Which track goes into which receiving section of a single-mode client. The client alone adds sections, so tracks wait until
/// it has; <see cref="MissingAudio"/> and <see cref="MissingVideo"/> say how many to ask for. Not thread-safe.
/// </summary>
public sealed class ReceivingSections(bool reuseSections = true)
{
    private readonly List<SendTrack> _wanted = [];
    private readonly Dictionary<string, string> _trackByMid = new(StringComparer.Ordinal);

    // Sections that once carried a track and that an answer has since shown inactive.
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private int _freeAudio;
    private int _freeVideo;

    /// <summary>Audio sections the client has to add, beyond those it has free.</summary>
    public int MissingAudio => Math.Max(0, Waiting(MediaKind.Audio) - _freeAudio);

    /// <summary>Video sections the client has to add, beyond those it has free.</summary>
    public int MissingVideo => Math.Max(0, Waiting(MediaKind.Video) - _freeVideo);

    /// <summary>The client has to offer again: a track waits for a section, or a section still shows a track that is gone.</summary>
    public bool NeedsOffer =>
        Waiting(MediaKind.Audio) + Waiting(MediaKind.Video) > 0 || _trackByMid.Keys.Any(mid => TrackFor(mid) is null);

    /// <summary>Wants a track sent, or changes how; it gets a section with the next offer that has room.</summary>
    public void Add(SendTrack track)
    {
        ArgumentNullException.ThrowIfNull(track);
        var index = _wanted.FindIndex(other => other.TrackId == track.TrackId);
        if (index < 0)
        {
            _wanted.Add(track);
        }
        else
        {
            _wanted[index] = track;
        }
    }

    public bool Remove(string trackId) => _wanted.RemoveAll(track => track.TrackId == trackId) > 0;

    /// <summary>Assigns waiting tracks to the sections of an offer. Call before answering it.</summary>
    public void Assign(SdpSession offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        foreach (var (mid, trackId) in _trackByMid.ToArray())
        {
            if (!_wanted.Exists(track => track.TrackId == trackId) || !Receives(offer, mid))
            {
                // This answer shows the section without its track; the next one may give it another.
                _trackByMid.Remove(mid);
                _ended.Remove(mid);
            }
        }

        foreach (var track in _wanted)
        {
            if (_trackByMid.ContainsValue(track.TrackId))
            {
                continue;
            }

            var free = offer.Media.FirstOrDefault(media => IsFree(media, track.Kind));
            if (free is not null)
            {
                _trackByMid[free.Mid] = track.TrackId;
                _used.Add(free.Mid);
                _ended.Remove(free.Mid);
            }
        }

        foreach (var mid in _used)
        {
            if (!_trackByMid.ContainsKey(mid))
            {
                _ended.Add(mid);
            }
        }

        _freeAudio = offer.Media.Count(media => IsFree(media, MediaKind.Audio));
        _freeVideo = offer.Media.Count(media => IsFree(media, MediaKind.Video));
    }

    /// <summary>The track assigned to a section; null when it has none.</summary>
    public SendTrack? TrackFor(string mid) =>
        _trackByMid.TryGetValue(mid, out var trackId) ? _wanted.Find(track => track.TrackId == trackId) : null;

    private static bool Receives(SdpSession offer, string mid) =>
        offer.Media.Any(media => media.Mid == mid && !media.Rejected && media.Direction.Receives);

    private bool IsFree(SdpMedia media, MediaKind kind) =>
        media.Kind == kind
        && !media.Rejected
        && media.Direction.Receives
        && media.Mid.Length > 0
        && !_trackByMid.ContainsKey(media.Mid)
        && (!_used.Contains(media.Mid) || (reuseSections && _ended.Contains(media.Mid)));

    private int Waiting(MediaKind kind) =>
        _wanted.Count(track => track.Kind == kind && !_trackByMid.ContainsValue(track.TrackId));
}
