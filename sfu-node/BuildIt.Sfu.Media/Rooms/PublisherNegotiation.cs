using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Rooms;

/// <summary>
/// Answers a client's offers on its publisher (or only) connection, and ties the sections in which it sends to the tracks
/// it has announced. Used on one loop.
/// </summary>
internal sealed class PublisherNegotiation(MediaPeer peer, PeerConnection connection, IncomingMedia incoming, CodecPolicy policy)
{
    // Sections in which the client sends, by mid: those with a track, and those whose announcement has not come yet.
    private readonly Dictionary<string, PublicationEncoding> _bound = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NegotiatedSection> _unbound = new(StringComparer.Ordinal);
    private ulong _version;

    /// <summary>Does to an offer what needs the loop, before its answer is made.</summary>
    public PublisherAnswer Begin(RemoteDescription description, Instant now)
    {
        if (description.Session is not { } offer)
        {
            return PublisherAnswer.Rejected($"the offer cannot be read: {description.Error}");
        }

        if (peer.Options.SinglePeerConnection)
        {
            peer.Subscribing.Assign(offer, now);
        }

        var ufrag = offer.Media.Select(media => media.Transport.IceUfrag).FirstOrDefault(text => text is not null) ?? offer.Transport.IceUfrag;
        if (connection.IsIceRestart(ufrag))
        {
            connection.RestartIce(now);
        }

        var answer = new PublisherAnswer(offer, connection.Describe(), new AnswerBuilder(policy, _version++));
        foreach (var section in offer.Media)
        {
            var cid = SectionReader.Msid(section)?.Track;
            answer.Note(section, cid, PreferencesFor(cid, section.Kind), peer.Subscribing.TrackFor(section.Mid));
        }

        return answer;
    }

    /// <summary>Puts the answer to an offer into force.</summary>
    public NegotiationResult Finish(PublisherAnswer answer, Instant now)
    {
        if (answer.Session is not { } session)
        {
            return NegotiationResult.Rejected(answer.Error);
        }

        if (connection.SetRemote(session, now) is { } fault)
        {
            return NegotiationResult.Rejected(fault);
        }

        peer.OnNegotiated(connection, session, now);
        Apply(session, now);
        if (peer.Options.SinglePeerConnection)
        {
            peer.Subscribing.Apply(session, now);
        }

        return new NegotiationResult(answer.Sdp, session.MidToTrack, null);
    }

    /// <summary>A track was announced: a section may have waited for it.</summary>
    public void OnAnnounced(Instant now)
    {
        foreach (var section in _unbound.Values.ToArray())
        {
            Bind(section, now);
        }
    }

    private ReceivePreferences PreferencesFor(string? cid, MediaKind kind)
    {
        if (Find(cid, kind) is not { } encoding)
        {
            return ReceivePreferences.Default;
        }

        var track = encoding.Publication.Track;

        // Redundancy around what is encrypted end to end could not be taken off for those who do not know it.
        var red = !track.DisableRed && !track.Encrypted;
        return new ReceivePreferences
        {
            PreferredCodecs = encoding.Announced.Codec.Length > 0 ? [encoding.Announced.Codec] : kind == MediaKind.Audio && red ? [CodecPolicy.Red, CodecPolicy.Opus] : [],
            Dtx = !track.DisableDtx,
            Stereo = track.Stereo,
            AllowRed = red,
        };
    }

    private void Apply(NegotiatedSession session, Instant now)
    {
        foreach (var section in session.Sections)
        {
            if (section.Kind is not (MediaKind.Audio or MediaKind.Video))
            {
                continue;
            }

            if (section.Direction.Receives && !section.Rejected)
            {
                incoming.AddExtensions(section.Extensions);
                Bind(section, now);
            }
            else
            {
                Release(section.Mid, now);
            }
        }
    }

    private void Bind(NegotiatedSection section, Instant now)
    {
        if (_bound.TryGetValue(section.Mid, out var known))
        {
            if (section.RemoteMsid is null || known.Announced.Cid == section.RemoteMsid.Track || Find(section.RemoteMsid.Track, section.Kind) == known)
            {
                return;
            }

            Release(section.Mid, now);
        }

        if (Find(section.RemoteMsid?.Track, section.Kind) is not { } encoding)
        {
            _unbound[section.Mid] = section;
            return;
        }

        _unbound.Remove(section.Mid);
        _bound[section.Mid] = encoding;
        incoming.Add(encoding, section, now);
        peer.Events.OnTrackNegotiated(encoding.Publication.Sid, encoding.Announced.Cid, section.Mid, encoding.MimeType, now);
        encoding.Publication.OnEncodingNegotiated(now);
    }

    private void Release(string mid, Instant now)
    {
        _unbound.Remove(mid);
        if (!_bound.Remove(mid, out var encoding))
        {
            return;
        }

        incoming.Remove(encoding);
        var publication = encoding.Publication;
        if (publication.Encodings.TrueForAll(other => !_bound.ContainsValue(other)) && peer.Publications.ContainsKey(publication.Sid))
        {
            peer.Unpublish(publication.Sid, now);
            peer.Events.OnTrackEnded(publication.Sid, now);
        }
    }

    /// <summary>
    /// The announced encoding a section carries: by cid; else, for clients that write another id into the msid, the only
    /// announced one of its kind that has no section yet.
    /// </summary>
    private PublicationEncoding? Find(string? cid, MediaKind kind)
    {
        PublicationEncoding? free = null;
        var count = 0;
        foreach (var publication in peer.Publications.Values)
        {
            foreach (var encoding in publication.Encodings)
            {
                if (cid is not null && encoding.Announced.Cid == cid)
                {
                    return encoding;
                }

                if (publication.IsVideo == (kind == MediaKind.Video) && encoding.Section is null)
                {
                    free = encoding;
                    count++;
                }
            }
        }

        return count == 1 ? free : null;
    }
}
