using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.WebRtc;

/// <summary>
/// Brings subscriptions into the client's descriptions: by offers of the node's own on the subscriber connection (dual mode),
/// or by asking the client for sections and another offer (single mode). Changes are gathered for a moment. Used on one loop.
/// </summary>
internal sealed class SubscriberNegotiation
{
    /// <summary>Several tracks of one participant come at once: one negotiation serves them.</summary>
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(15);

    /// <summary>How long the answer to the client's first offer may take until it is in force.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    /// <summary>After this time without an answer or offer the request is repeated.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(15);

    private readonly OutgoingMedia _outgoing;
    private readonly ClientData _data;
    private readonly MediaPeerOptions _options;
    private readonly IMediaPeerEvents _events;
    private readonly PeerConnection? _connection;
    private readonly OfferBuilder? _offers;
    private readonly ReceivingSections? _sections;
    private readonly Dictionary<TrackSid, SentTrack> _tracks = [];
    private Instant _answerDue = Instant.Never;
    private bool _reached;
    private Instant _due = Instant.Never;
    private bool _waiting;
    private bool _restart;

    /// <param name="outgoing">The client's way out.</param>
    /// <param name="data">Its data channels, which are negotiated along.</param>
    /// <param name="connection">The subscriber connection; null in single mode.</param>
    /// <param name="options">How the client is set up.</param>
    /// <param name="events">What it is told.</param>
    /// <param name="policy">The codecs that it is offered.</param>
    /// <param name="now">Now.</param>
    public SubscriberNegotiation(
        OutgoingMedia outgoing, ClientData data, PeerConnection? connection, MediaPeerOptions options, IMediaPeerEvents events, CodecPolicy policy, Instant now)
    {
        (_outgoing, _data, _options, _events, _connection) = (outgoing, data, options, events, connection);
        if (connection is null)
        {
            _sections = new ReceivingSections(options.ReuseTransceivers);
        }
        else
        {
            _offers = new OfferBuilder(policy, options.ReuseTransceivers);
            _due = now + GatherTime;
        }
    }

    public Instant NextDeadline => _due;

    public SendTrack SendTrackFor(Publication publication)
    {
        var track = publication.Track;
        var codecs = publication.Encodings.Select(encoding => encoding.CodecName).Where(name => name.Length > 0).ToArray();
        return new SendTrack
        {
            TrackId = track.Sid.Value,
            StreamId = $"{track.Publisher.Value}|{(track.Stream.Length > 0 ? track.Stream : track.Sid.Value)}",
            Kind = publication.IsVideo ? MediaKind.Video : MediaKind.Audio,
            Ssrc = _outgoing.Ssrcs.Next().Value,
            RtxSsrc = publication.IsVideo ? _outgoing.Ssrcs.Next().Value : null,
            Cname = track.Publisher.Value,
            PreferredCodecs = codecs,
            AllowRed = _options.SupportsRed,
            Stereo = track.Stereo,
        };
    }

    public void Add(Subscription subscription, SendTrack sends, Instant now)
    {
        _tracks.Add(subscription.Publication.Sid, new SentTrack(subscription, sends));
        _offers?.Add(sends);
        _sections?.Add(sends);
        Schedule(now);
    }

    public void Remove(TrackSid track, Instant now)
    {
        _tracks.Remove(track);
        _offers?.Remove(track.Value);
        _sections?.Remove(track.Value);
        Schedule(now);
    }

    /// <summary>Whether the client takes a track in a codec, as far as it has said.</summary>
    public bool Takes(Publication publication, string codec) => CodecNamed(codec, SectionOf(publication)) is not null;

    /// <summary>How the client takes an encoding; null when it cannot, or has not said yet.</summary>
    public DownTrackOptions? FormatOf(OutgoingStream stream, PublicationEncoding encoding)
    {
        if (SectionOf(encoding.Publication) is not { } section || (CodecNamed(encoding.Codec!.Name, section) ?? InsideRed(encoding, section)) is not { } codec)
        {
            return null;
        }

        RtpIdentifier.TryParse(section.Mid, out var mid);
        return new DownTrackOptions
        {
            Ssrc = new Ssrc(stream.Source),
            PayloadType = codec.PayloadType,
            RtxSsrc = stream.RepairSource is { } rtx && codec.RtxPayloadType is not null ? new Ssrc(rtx) : null,
            RtxPayloadType = codec.RtxPayloadType,
            UnwrapRed = encoding.Codec.IsRed && !codec.IsRed,
            Extensions = _outgoing.Extensions,
            Mid = mid,
            RetransmissionWindow = codec.Nack || codec.RtxPayloadType is not null ? (stream.IsVideo ? 1024 : 64) : 0,
            FirstSequence = stream.FirstSequence,
        };
    }

    /// <summary>Dual mode: the next offer carries new ICE credentials.</summary>
    public void RestartIce(Instant now)
    {
        if (_connection is not null)
        {
            _restart = true;
            _waiting = false;
            _due = now;
        }
    }

    /// <summary>
    /// Single mode: the client checks connectivity, so the answer to its first offer is in force there. Before that nothing may move it
    /// to make another: LiveKit's JavaScript client would then lose one of the two, and wait for an answer for 15 s.
    /// </summary>
    public void OnReached(Instant now)
    {
        if (_reached)
        {
            return;
        }

        _reached = true;
        if (_due != Instant.Never && !_waiting)
        {
            _due = now;
        }
    }

    /// <summary>Single mode: gives the sections of an offer to waiting tracks, before it is answered.</summary>
    public void Assign(SdpSession offer, Instant now)
    {
        if (_answerDue == Instant.Never)
        {
            _answerDue = now + AnswerPatience;
        }

        _sections?.Assign(offer);
    }

    public SendTrack? TrackFor(string mid) => _sections?.TrackFor(mid);

    public string? HandleAnswer(RemoteDescription description, Instant now)
    {
        if (_offers is null || _connection is null)
        {
            return "an answer was not asked for";
        }

        if (description.Session is not { } answer)
        {
            return $"the answer cannot be read: {description.Error}";
        }

        if (!_offers.TryApplyAnswer(answer, out var session, out var error))
        {
            return error;
        }

        if (_connection.SetRemote(session, now) is { } fault)
        {
            return fault;
        }

        _data.OnNegotiated(_connection, session, now);
        Apply(session, now);
        return null;
    }

    /// <summary>Takes over what was negotiated for the tracks that are sent.</summary>
    public void Apply(NegotiatedSession session, Instant now)
    {
        _waiting = false;
        foreach (var section in session.Sections)
        {
            // One that was dropped and wanted again meanwhile has other sources, which the next description shows.
            if (section.Sends is { } sends && _tracks.TryGetValue(new TrackSid(sends.TrackId), out var track) && ReferenceEquals(track.Sends, sends))
            {
                _outgoing.AddExtensions(section.Extensions);
                track.Section = section;
                track.Subscription.OnNegotiated(now);
            }
        }

        _due = Instant.Never;
        Schedule(now);
    }

    public void HandleTimeout(Instant now)
    {
        if (now < _due)
        {
            return;
        }

        _due = Instant.Never;
        if (_offers is not null)
        {
            SendOffer(now);
        }
        else if (!_reached && _answerDue != Instant.Never && now < _answerDue)
        {
            _due = _answerDue;
        }
        else if (_sections!.NeedsOffer)
        {
            _waiting = true;
            _due = now + ResponseTimeout;
            _events.OnMediaSectionsRequired(_sections.MissingAudio, _sections.MissingVideo, now);
        }
    }

    private void SendOffer(Instant now)
    {
        if (_restart)
        {
            _restart = false;
            _connection!.RestartIce(now);
        }
        else if (_offers!.AwaitsAnswer || !_offers.NeedsOffer)
        {
            return;
        }

        _waiting = true;
        var offer = _offers!.Build(_connection!.Describe());
        var midToTrack = offer.Media.Where(media => media.Msids.Count > 0).ToDictionary(media => media.Mid, media => media.Msids[0].Track);
        _events.OnOffer(SdpWriter.Write(offer), midToTrack, now);
    }

    private void Schedule(Instant now)
    {
        var needed = _offers?.NeedsOffer ?? _sections!.NeedsOffer;
        if (needed && !_waiting && _due == Instant.Never)
        {
            _due = now + GatherTime;
        }
    }

    private NegotiatedSection? SectionOf(Publication publication) => _tracks.GetValueOrDefault(publication.Sid)?.Section;

    private static NegotiatedCodec? CodecNamed(string name, NegotiatedSection? section) =>
        section?.Codecs.FirstOrDefault(codec => codec.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// For clients that do not know redundant audio: the codec inside it. What is encrypted end to end may not be cut apart; its
    /// publishers are not asked for redundancy.
    /// </summary>
    private static NegotiatedCodec? InsideRed(PublicationEncoding encoding, NegotiatedSection section) =>
        encoding.Codec!.IsRed && !encoding.Publication.Track.Encrypted ? CodecNamed(CodecPolicy.Opus, section) : null;

    private sealed class SentTrack(Subscription subscription, SendTrack sends)
    {
        public Subscription Subscription => subscription;

        public SendTrack Sends => sends;

        /// <summary>As it was negotiated last; null before.</summary>
        public NegotiatedSection? Section { get; set; }
    }
}
