using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Connections;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>The tracks that another node can have, and what goes to it of them. Used on one loop.</summary>
/// <param name="router">The room's tracks.</param>
/// <param name="outgoing">The way to the other node.</param>
/// <param name="options">How the link is set up.</param>
/// <param name="events">Where what the other node is to be told goes.</param>
internal sealed class RelayDownstream(TrackRouter router, OutgoingMedia outgoing, RelayPeerOptions options, IRelayPeerEvents events) : IDownstream
{
    /// <summary>The link to a node carries more than one to a client, and loses little: what is asked for again is recent.</summary>
    private const int VideoWindow = 1024;

    private const int AudioWindow = 64;

    private readonly RelayDivision _division = new();
    private readonly RelayShare? _share = options.Bound is { } bound ? new RelayShare(bound.Join(), outgoing, router.Now) : null;
    private readonly Dictionary<TrackSid, RelayOffer> _offers = [];
    private readonly HashSet<TrackSid> _untold = [];

    public ParticipantSid Id => options.Sid;

    public IRtpSink Sink => outgoing;

    public LinkBudget Link => outgoing.Link;

    public OutgoingMedia Outgoing => outgoing;

    /// <summary>A stream id that nothing on the link has had.</summary>
    public uint NextSsrc() => outgoing.Ssrcs.Next().Value;

    public DownTrackOptions? FormatOf(OutgoingStream stream, PublicationEncoding encoding)
    {
        if (!RelayFormats.Knows(encoding.Codec!.Name))
        {
            return null;
        }

        var (type, repairType) = RelayFormats.PayloadTypesOf(encoding.Codec.Name);
        return new DownTrackOptions
        {
            Ssrc = new Ssrc(stream.Source),
            PayloadType = type,
            RtxSsrc = stream.RepairSource is { } repair ? new Ssrc(repair) : null,
            RtxPayloadType = stream.RepairSource is null ? null : repairType,
            Extensions = outgoing.Extensions,
            RetransmissionWindow = stream.IsVideo ? VideoWindow : AudioWindow,
            FirstSequence = stream.FirstSequence,
            OnlyLayer = stream.OnlyLayer,
        };
    }

    public void Add(OutgoingStream stream) => outgoing.Add(stream);

    public void Remove(OutgoingStream stream) => outgoing.Remove(stream);

    public void End(OutgoingStream stream) => outgoing.End(stream);

    /// <summary>The other node is to be told of a track; false when it comes from there.</summary>
    public bool Offer(Publication publication)
    {
        var mayGo = !ComesBack(publication);
        if (mayGo)
        {
            _untold.Add(publication.Sid);
        }

        return mayGo;
    }

    /// <summary>Nothing of a track goes to the other node any more.</summary>
    public void EndOffer(Publication publication, Instant now)
    {
        _untold.Remove(publication.Sid);
        if (_offers.Remove(publication.Sid, out var offer))
        {
            offer.End(now);
        }
    }

    /// <summary>Takes what the other node wants of a track; false when it was not offered.</summary>
    public bool SetDemand(TrackSid track, IReadOnlyList<RelayDemand> demand, Instant now)
    {
        if (!_offers.TryGetValue(track, out var offer))
        {
            return false;
        }

        if (offer.SetDemand(demand, now))
        {
            events.OnWatched(track, now);
        }

        return true;
    }

    /// <summary>Tells what can be had, and brings what crosses to what is wanted and fits.</summary>
    public void Update(Instant now)
    {
        TellTracks(now);
        _division.Observe(_offers.Values, now);
        var allowed = _share?.Take(_division.Wish, now) ?? DataRate.Infinite;
        var summary = _division.Divide(DataRate.Min(allowed, Link.Available(negotiated: true)), events, now);
        Link.SetWanted(new LinkDemand(summary.Desired, summary.Base, summary.IsDeficient, false));
        _share?.Carries(summary.Allocated);
    }

    /// <summary>The link is over.</summary>
    public void Close(Instant now)
    {
        foreach (var offer in _offers.Values)
        {
            offer.End(now);
        }

        _offers.Clear();
        _share?.Leave();
    }

    private bool ComesBack(Publication publication) => publication.Upstream is RelayUpstream upstream && upstream.IsBackOf(this);

    private void TellTracks(Instant now)
    {
        foreach (var sid in _untold)
        {
            if (router.Find(sid) is not { } publication || ComesBack(publication))
            {
                continue;
            }

            if (!_offers.TryGetValue(sid, out var offer))
            {
                _offers.Add(sid, offer = new RelayOffer(publication, this));
            }

            if (offer.Describe() is { } described)
            {
                events.OnTrack(described, now);
            }
        }

        _untold.Clear();
    }
}
