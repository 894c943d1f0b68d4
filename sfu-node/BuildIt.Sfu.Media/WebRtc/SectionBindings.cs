using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Sdp;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>A section of a description in which the client sends.</summary>
/// <param name="Mid">Its mid.</param>
/// <param name="Kind">Audio or video.</param>
/// <param name="TrackId">The track of its msid line (RFC 8830); null without one.</param>
internal readonly record struct SendingSection(string Mid, MediaKind Kind, string? TrackId);

/// <summary>
/// Which sections of a client's descriptions carry which of the encodings it announced. A section keeps its encoding for as long as the
/// client sends in it under the same msid. RFC 8830 leaves the track's id in a msid to the sender: Chromium writes the id of
/// the MediaStreamTrack, which is what the client announced as its cid; Firefox writes an id of its own.
/// </summary>
internal sealed class SectionBindings(Dictionary<TrackSid, Publication> publications)
{
    private readonly Dictionary<string, Binding> _bound = new(StringComparer.Ordinal);

    /// <summary>
    /// The encoding of each section, by mid; those for which none is announced are missing. A section that has one keeps it. Of the
    /// others, who names a cid gets what was announced by it; then the rest get, in their order, what was announced first of their kind
    /// and was in no section yet: clients announce before they offer.
    /// </summary>
    /// <param name="sections">All in which the client sends, in the order of the description.</param>
    public IReadOnlyDictionary<string, PublicationEncoding> Match(IReadOnlyList<SendingSection> sections)
    {
        var matched = new Dictionary<string, PublicationEncoding>(StringComparer.Ordinal);
        foreach (var section in sections)
        {
            if (_bound.TryGetValue(section.Mid, out var binding) && binding.Holds(section))
            {
                matched[section.Mid] = binding.Encoding;
            }
        }

        var free = Free();
        Take(static (section, encoding) => section.TrackId is not null && encoding.Announced.Cid == section.TrackId);
        Take(static (section, encoding) => encoding.Format is null && encoding.Publication.IsVideo == (section.Kind == MediaKind.Video));
        return matched;

        void Take(Func<SendingSection, PublicationEncoding, bool> fits)
        {
            foreach (var section in sections)
            {
                if (!matched.ContainsKey(section.Mid) && free.Find(encoding => fits(section, encoding)) is { } found)
                {
                    matched[section.Mid] = found;
                    free.Remove(found);
                }
            }
        }
    }

    /// <summary>Whether a section that had an encoding carries something else now.</summary>
    public bool HasChanged(in SendingSection section) => _bound.TryGetValue(section.Mid, out var binding) && !binding.Holds(section);

    /// <summary>What a section carries; null when nothing.</summary>
    public PublicationEncoding? Of(string mid) => _bound.GetValueOrDefault(mid).Encoding;

    public bool IsBound(PublicationEncoding encoding) => _bound.Values.Any(binding => binding.Encoding == encoding);

    public void Bind(in SendingSection section, PublicationEncoding encoding) => _bound[section.Mid] = new Binding(encoding, section.TrackId);

    /// <summary>Ends a binding; null when there was none.</summary>
    public PublicationEncoding? Release(string mid) => _bound.Remove(mid, out var binding) ? binding.Encoding : null;

    // In the order in which they were announced.
    private List<PublicationEncoding> Free() =>
        [.. publications.Values.SelectMany(publication => publication.Encodings).Where(encoding => !IsBound(encoding)).OrderBy(encoding => encoding.Order)];

    private readonly record struct Binding(PublicationEncoding Encoding, string? TrackId)
    {
        /// <summary>Whether the section still carries what it did: its msid is the same or says nothing.</summary>
        public bool Holds(in SendingSection section) => TrackId is null || section.TrackId is null || TrackId == section.TrackId;
    }
}
