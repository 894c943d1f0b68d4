namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>
/// Which track goes into which receiving section of a single-mode client. The client alone adds sections, so tracks wait until
/// it has; <see cref="MissingAudio"/> and <see cref="MissingVideo"/> say how many to ask for. Everything but
/// <see cref="Assign"/> costs the same however many tracks there are. Not thread-safe.
/// </summary>
public sealed class ReceivingSections(bool reuseSections = true)
{
    private readonly Dictionary<string, (SendTrack Track, long Order)> _wanted = new(StringComparer.Ordinal);

    // What the last answer shows, by section, and where it shows each track.
    private readonly Dictionary<string, SendTrack> _shown = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _midOf = new(StringComparer.Ordinal);

    // Sections that show a track that is gone, or that has other sources now.
    private readonly HashSet<string> _outdated = new(StringComparer.Ordinal);

    // Sections that once carried a track and that an answer has since shown inactive.
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private long _added;
    private int _waitingAudio;
    private int _waitingVideo;
    private int _freeAudio;
    private int _freeVideo;

    /// <summary>Audio sections the client has to add, beyond those it has free.</summary>
    public int MissingAudio => Math.Max(0, _waitingAudio - _freeAudio);

    /// <summary>Video sections the client has to add, beyond those it has free.</summary>
    public int MissingVideo => Math.Max(0, _waitingVideo - _freeVideo);

    /// <summary>
    /// The client has to offer again: a track waits for a section, or a section still shows one that is gone or that has other
    /// sources now, as after it was dropped and wanted again.
    /// </summary>
    public bool NeedsOffer => _waitingAudio + _waitingVideo + _outdated.Count > 0;

    /// <summary>Wants a track sent, or changes how; it gets a section with the next offer that has room.</summary>
    public void Add(SendTrack track)
    {
        ArgumentNullException.ThrowIfNull(track);
        var isNew = !_wanted.TryGetValue(track.TrackId, out var before);
        _wanted[track.TrackId] = (track, isNew ? _added++ : before.Order);
        if (!_midOf.TryGetValue(track.TrackId, out var mid))
        {
            Waits(track.Kind, isNew ? 1 : 0);
        }
        else if (ReferenceEquals(_shown[mid], track))
        {
            _outdated.Remove(mid);
        }
        else
        {
            _outdated.Add(mid);
        }
    }

    public bool Remove(string trackId)
    {
        if (!_wanted.Remove(trackId, out var wanted))
        {
            return false;
        }

        if (_midOf.TryGetValue(trackId, out var mid))
        {
            _outdated.Add(mid);
        }
        else
        {
            Waits(wanted.Track.Kind, -1);
        }

        return true;
    }

    /// <summary>Assigns waiting tracks to the sections of an offer. Call before answering it.</summary>
    public void Assign(SdpSession offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        KeepShown(offer.Media.Where(Receives).Select(media => media.Mid).ToHashSet(StringComparer.Ordinal));
        ShowWaiting(offer);
        foreach (var mid in _used)
        {
            if (!_shown.ContainsKey(mid))
            {
                _ended.Add(mid);
            }
        }

        _freeAudio = offer.Media.Count(media => media.Kind == MediaKind.Audio && IsFree(media));
        _freeVideo = offer.Media.Count(media => media.Kind == MediaKind.Video && IsFree(media));
    }

    /// <summary>The track that the answer to the last offer shows in a section; null when it has none.</summary>
    public SendTrack? TrackFor(string mid) => _shown.GetValueOrDefault(mid);

    private static bool Receives(SdpMedia media) => !media.Rejected && media.Direction.Receives;

    /// <summary>Sections keep their tracks as these are now, where both are still there.</summary>
    private void KeepShown(HashSet<string> receiving)
    {
        _outdated.Clear();
        foreach (var (mid, shown) in _shown.ToArray())
        {
            var isWanted = _wanted.TryGetValue(shown.TrackId, out var wanted);
            if (isWanted && receiving.Contains(mid))
            {
                _shown[mid] = wanted.Track;
                continue;
            }

            // This answer shows the section without its track; the next one may give it another.
            _shown.Remove(mid);
            _midOf.Remove(shown.TrackId);
            _ended.Remove(mid);
            Waits(shown.Kind, isWanted ? 1 : 0);
        }
    }

    /// <summary>Gives free sections to the tracks that have waited longest.</summary>
    private void ShowWaiting(SdpSession offer)
    {
        foreach (var kind in (MediaKind[])[MediaKind.Audio, MediaKind.Video])
        {
            var waiting = _wanted.Values
                .Where(wanted => wanted.Track.Kind == kind && !_midOf.ContainsKey(wanted.Track.TrackId))
                .OrderBy(wanted => wanted.Order)
                .Select(wanted => wanted.Track)
                .ToArray();
            var free = offer.Media.Where(media => media.Kind == kind && IsFree(media)).Select(media => media.Mid).ToArray();
            foreach (var (track, mid) in waiting.Zip(free))
            {
                _shown[mid] = track;
                _midOf[track.TrackId] = mid;
                _used.Add(mid);
                _ended.Remove(mid);
                Waits(kind, -1);
            }
        }
    }

    private bool IsFree(SdpMedia media) =>
        Receives(media)
        && media.Mid.Length > 0
        && !_shown.ContainsKey(media.Mid)
        && (!_used.Contains(media.Mid) || (reuseSections && _ended.Contains(media.Mid)));

    private void Waits(MediaKind kind, int more)
    {
        ref var waiting = ref kind == MediaKind.Audio ? ref _waitingAudio : ref _waitingVideo;
        waiting += more;
    }
}
