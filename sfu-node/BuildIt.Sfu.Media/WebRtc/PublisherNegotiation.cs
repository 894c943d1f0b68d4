using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>
/// Answers a client's offers on its publisher (or only) connection, and ties the sections in which it sends to the tracks
/// it has announced. Used on one loop.
/// </summary>
/// <param name="connection">The publisher (or only) connection.</param>
/// <param name="upstream">What the client publishes.</param>
/// <param name="data">Its data channels, which are negotiated along.</param>
/// <param name="subscribing">What is sent in sections of the same descriptions in single mode.</param>
/// <param name="policy">The codecs that are accepted.</param>
/// <param name="isSingle">Whether the connection is the only one.</param>
internal sealed class PublisherNegotiation(
    PeerConnection connection, ClientUpstream upstream, ClientData data, SubscriberNegotiation subscribing, CodecPolicy policy, bool isSingle)
{
    private readonly SectionBindings _bindings = new(upstream.Publications);

    // Sections in which the client sends, and whose announcement has not come yet.
    private readonly Dictionary<string, NegotiatedSection> _unbound = new(StringComparer.Ordinal);
    private ulong _version;

    /// <summary>Does to an offer what needs the loop, before its answer is made.</summary>
    public PublisherAnswer Begin(RemoteDescription description, Instant now)
    {
        if (description.Session is not { } offer)
        {
            return PublisherAnswer.Rejected($"the offer cannot be read: {description.Error}");
        }

        if (isSingle)
        {
            subscribing.Assign(offer, now);
        }

        var ufrag = offer.Media.Select(media => media.Transport.IceUfrag).FirstOrDefault(text => text is not null) ?? offer.Transport.IceUfrag;
        if (connection.IsIceRestart(ufrag))
        {
            connection.RestartIce(now);
        }

        var answer = new PublisherAnswer(offer, connection.Describe(), new AnswerBuilder(policy, _version++));
        var encodings = _bindings.Match([.. offer.Media.Where(Sends).Select(media => new SendingSection(media.Mid, media.Kind, SectionReader.Msid(media)?.Track))]);
        foreach (var section in offer.Media)
        {
            answer.Note(section.Mid, PreferencesFor(encodings.GetValueOrDefault(section.Mid)), subscribing.TrackFor(section.Mid));
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

        data.OnNegotiated(connection, session, now);
        Apply(session, now);
        if (isSingle)
        {
            subscribing.Apply(session, now);
        }

        return new NegotiationResult(answer.Sdp, session.MidToTrack, null);
    }

    /// <summary>A track was announced: a section may have waited for it.</summary>
    public void OnAnnounced(Instant now) => Bind([.. _unbound.Values.OrderBy(section => section.Index)], now);

    private static ReceivePreferences PreferencesFor(PublicationEncoding? encoding)
    {
        if (encoding is null)
        {
            return ReceivePreferences.Default;
        }

        var track = encoding.Publication.Track;

        // Redundancy around what is encrypted end to end could not be taken off for those who do not know it.
        var red = !track.DisableRed && !track.Encrypted;
        return new ReceivePreferences
        {
            PreferredCodecs = encoding.Announced.Codec.Length > 0 ? [encoding.Announced.Codec] : !encoding.Publication.IsVideo && red ? [CodecPolicy.Red, CodecPolicy.Opus] : [],
            Dtx = !track.DisableDtx,
            Stereo = track.Stereo,
            AllowRed = red,
        };
    }

    private static bool Sends(SdpMedia section) =>
        section.Kind is MediaKind.Audio or MediaKind.Video && section.Direction.Sends && !section.Rejected;

    private static bool Sends(NegotiatedSection section) =>
        section.Kind is MediaKind.Audio or MediaKind.Video && section.Direction.Receives && !section.Rejected;

    private static SendingSection Sending(NegotiatedSection section) => new(section.Mid, section.Kind, section.RemoteMsid?.Track);

    private void Apply(NegotiatedSession session, Instant now)
    {
        foreach (var section in session.Sections)
        {
            if (Sends(section))
            {
                upstream.Incoming.AddExtensions(section.Extensions);
            }
            else
            {
                Release(section.Mid, now);
            }
        }

        Bind([.. session.Sections.Where(Sends)], now);
    }

    /// <summary>Gives sections what was announced for them, and takes from them what they carry no more.</summary>
    private void Bind(NegotiatedSection[] sections, Instant now)
    {
        foreach (var section in sections.Where(section => _bindings.HasChanged(Sending(section))))
        {
            Release(section.Mid, now);
        }

        var encodings = _bindings.Match([.. sections.Select(Sending)]);
        foreach (var section in sections)
        {
            if (!encodings.TryGetValue(section.Mid, out var encoding))
            {
                _unbound[section.Mid] = section;
                continue;
            }

            if (_bindings.Of(section.Mid) == encoding)
            {
                continue;
            }

            _unbound.Remove(section.Mid);
            _bindings.Bind(Sending(section), encoding);
            upstream.Incoming.Add(encoding, section, now);
            upstream.Events.OnTrackNegotiated(encoding.Publication.Sid, encoding.Announced.Cid, section.Mid, encoding.MimeType, now);
            encoding.Publication.OnFormatChanged(encoding, now);
            upstream.Router.OnChanged(encoding.Publication, now);
        }
    }

    private void Release(string mid, Instant now)
    {
        _unbound.Remove(mid);
        if (_bindings.Release(mid) is not { } encoding)
        {
            return;
        }

        upstream.Incoming.Remove(encoding);
        var publication = encoding.Publication;
        if (!publication.Encodings.Exists(_bindings.IsBound) && upstream.Publications.ContainsKey(publication.Sid))
        {
            upstream.Unpublish(publication.Sid, now);
            upstream.Events.OnTrackEnded(publication.Sid, now);
        }
    }
}
