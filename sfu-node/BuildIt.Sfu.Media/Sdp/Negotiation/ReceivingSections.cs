namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>
/// Which track goes into which receiving section of a single-mode client. The client alone adds sections, so tracks wait until
/// it has; <see cref="MissingAudio"/> and <see cref="MissingVideo"/> say how many to ask for. Not thread-safe.
/// </summary>
public sealed class ReceivingSections(bool reuseSections = true)
{
    private readonly List<SendTrack> _wanted = [];

    // What the last answer shows in each section.
    private readonly Dictionary<string, SendTrack> _shown = new(StringComparer.Ordinal);

    // Sections that once carried a track and that an answer has since shown inactive.
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private int _freeAudio;
    private int _freeVideo;

    /// <summary>Audio sections the client has to add, beyond those it has free.</summary>
    public int MissingAudio => Math.Max(0, Waiting(MediaKind.Audio) - _freeAudio);

    /// <summary>Video sections the client has to add, beyond those it has free.</summary>
    public int MissingVideo => Math.Max(0, Waiting(MediaKind.Video) - _freeVideo);

    /// <summary>
    /// The client has to offer again: a track waits for a section, or a section still shows one that is gone or that has other
    /// sources now, as after it was dropped and wanted again.
    /// </summary>
    public bool NeedsOffer =>
        Waiting(MediaKind.Audio) + Waiting(MediaKind.Video) > 0 || _shown.Values.Any(shown => !ReferenceEquals(Wanted(shown.TrackId), shown));

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
        foreach (var (mid, shown) in _shown.ToArray())
        {
            if (Wanted(shown.TrackId) is { } track && Receives(offer, mid))
            {
                _shown[mid] = track;
            }
            else
            {
                // This answer shows the section without its track; the next one may give it another.
                _shown.Remove(mid);
                _ended.Remove(mid);
            }
        }

        foreach (var track in _wanted)
        {
            if (IsShown(track))
            {
                continue;
            }

            var free = offer.Media.FirstOrDefault(media => IsFree(media, track.Kind));
            if (free is not null)
            {
                _shown[free.Mid] = track;
                _used.Add(free.Mid);
                _ended.Remove(free.Mid);
            }
        }

        foreach (var mid in _used)
        {
            if (!_shown.ContainsKey(mid))
            {
                _ended.Add(mid);
            }
        }

        _freeAudio = offer.Media.Count(media => IsFree(media, MediaKind.Audio));
        _freeVideo = offer.Media.Count(media => IsFree(media, MediaKind.Video));
    }

    /// <summary>The track that the answer to the last offer shows in a section; null when it has none.</summary>
    public SendTrack? TrackFor(string mid) => _shown.GetValueOrDefault(mid);

    private static bool Receives(SdpSession offer, string mid) =>
        offer.Media.Any(media => media.Mid == mid && !media.Rejected && media.Direction.Receives);

    private bool IsFree(SdpMedia media, MediaKind kind) =>
        media.Kind == kind
        && !media.Rejected
        && media.Direction.Receives
        && media.Mid.Length > 0
        && !_shown.ContainsKey(media.Mid)
        && (!_used.Contains(media.Mid) || (reuseSections && _ended.Contains(media.Mid)));

    private int Waiting(MediaKind kind) => _wanted.Count(track => track.Kind == kind && !IsShown(track));

    private bool IsShown(SendTrack track) => _shown.Values.Any(shown => shown.TrackId == track.TrackId);

    private SendTrack? Wanted(string trackId) => _wanted.Find(track => track.TrackId == trackId);
}
