using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms.Connections;
using BuildIt.Sfu.Media.Rooms.Tracks;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Rooms;

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

    private readonly MediaPeer _peer;
    private readonly PeerConnection? _connection;
    private readonly OfferBuilder? _offers;
    private readonly ReceivingSections? _sections;
    private Instant _answerDue = Instant.Never;
    private bool _reached;
    private Instant _due = Instant.Never;
    private bool _waiting;
    private bool _restart;

    public SubscriberNegotiation(MediaPeer peer, PeerConnection? connection, CodecPolicy policy, Instant now)
    {
        _peer = peer;
        _connection = connection;
        if (connection is null)
        {
            _sections = new ReceivingSections(peer.Options.ReuseTransceivers);
        }
        else
        {
            _offers = new OfferBuilder(policy, peer.Options.ReuseTransceivers);
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
            Ssrc = _peer.Outgoing.Ssrcs.Next().Value,
            RtxSsrc = publication.IsVideo ? _peer.Outgoing.Ssrcs.Next().Value : null,
            Cname = track.Publisher.Value,
            PreferredCodecs = codecs,
            AllowRed = _peer.Options.SupportsRed,
            Stereo = track.Stereo,
        };
    }

    public void Add(Subscription subscription, Instant now)
    {
        _offers?.Add(subscription.Sends);
        _sections?.Add(subscription.Sends);
        Schedule(now);
    }

    public void Remove(Subscription subscription, Instant now)
    {
        _offers?.Remove(subscription.Sends.TrackId);
        _sections?.Remove(subscription.Sends.TrackId);
        Schedule(now);
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

        _peer.OnNegotiated(_connection, session, now);
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
            if (section.Sends is { } sends
                && _peer.Subscriptions.TryGetValue(new TrackSid(sends.TrackId), out var subscription)
                && ReferenceEquals(subscription.Sends, sends))
            {
                _peer.Outgoing.AddExtensions(section.Extensions);
                subscription.OnNegotiated(section, _peer.Outgoing.Extensions, now);
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
            _peer.Events.OnMediaSectionsRequired(_sections.MissingAudio, _sections.MissingVideo, now);
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
        _peer.Events.OnOffer(SdpWriter.Write(offer), midToTrack, now);
    }

    private void Schedule(Instant now)
    {
        var needed = _offers?.NeedsOffer ?? _sections!.NeedsOffer;
        if (needed && !_waiting && _due == Instant.Never)
        {
            _due = now + GatherTime;
        }
    }
}
